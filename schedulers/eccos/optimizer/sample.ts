import type { Transport } from './transport.js';

/** From this many rows on, the prices of a sample save more work than they cost. */
const WORTH_FROM = 768;
const LEAST_ROWS = 256;

/** Every fourth row or so, with caps and limit in proportion; its prices are near those of the whole problem. */
export function sampleOf(problem: Transport): Transport | undefined {
  const { rows, m } = problem;
  if (rows < WORTH_FROM) return undefined;
  const sampled = Math.max(LEAST_ROWS, Math.floor(rows / 4));
  const u = new Float64Array(sampled * m);
  const v = new Float64Array(sampled * m);
  const size = new Int32Array(sampled);
  let total = 0;
  for (let to = 0; to < sampled; to++) {
    const from = Math.floor((to * rows) / sampled);
    u.set(problem.u.subarray(from * m, from * m + m), to * m);
    v.set(problem.v.subarray(from * m, from * m + m), to * m);
    size[to] = problem.size[from]!;
    total += size[to]!;
  }
  const share = total / problem.total;
  const caps = problem.caps.map((cap) => Math.min(total, Math.ceil(cap * share)));
  return { rows: sampled, m, u, v, size, caps, total, limit: problem.limit * share };
}
