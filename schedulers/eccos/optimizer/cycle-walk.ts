import type { Priced } from '../assign/price-search.js';
import { type Flow, flowOf, loads, type Transport } from '../assign/transport.js';

/** Identical re-assignments that leave every load as it was, or shift one slot from a core to another. */
interface Cycle {
  /** Pairs of cells, from and to. */
  readonly cells: readonly number[];
  readonly amount: number;
  readonly dv: number;
}

/**
 * Walks from `over` towards `under` by simple cycles, as near to the limit as they allow. All flows on the way
 * are optimal at the price, and the last step moves at most one call per core; hence
 * `u - bound <=` the sum of the m largest spreads of a row, however many rows there are.
 */
export function walkCycles(problem: Transport, { over, under, limit }: Priced): { over: Flow; under: Flow } {
  if (!over) return { over: under, under };
  const x = over.x.slice();
  let v = over.v;
  let last: Cycle | undefined;
  const cycles = difference(problem, over.x, under.x).sort((a, b) => a.dv - b.dv);
  for (const cycle of cycles) {
    if (cycle.dv >= 0) break;
    const times = Math.min(cycle.amount, Math.ceil((v - limit) / -cycle.dv) - 1);
    apply(x, cycle, times);
    v += times * cycle.dv;
    if (times < cycle.amount) last = cycle;
  }
  const nearOver = flowOf(problem, x.slice());
  if (last) apply(x, last, 1);
  const nearUnder = flowOf(problem, x);
  const better = nearUnder.v <= limit && nearUnder.u < under.u;
  return { over: nearOver.v > limit ? nearOver : over, under: better ? nearUnder : under };
}

function apply(x: Int32Array, { cells }: Cycle, times: number): void {
  for (let at = 0; at < cells.length; at += 2) {
    x[cells[at]!]! -= times;
    x[cells[at + 1]!]! += times;
  }
}

/** Splits the change of the flow into simple cycles over the cores and one node, index m, for free slots. */
function difference(problem: Transport, from: Int32Array, to: Int32Array): Cycle[] {
  const { rows, m, v } = problem;
  const arcs: { readonly to: number; readonly cells: readonly number[]; amount: number }[][] = Array.from(
    { length: m + 1 },
    () => [],
  );
  for (let row = 0; row < rows; row++) {
    // Pairs what leaves with what arrives within the row, which are as many.
    const start = row * m;
    const leaving = from.slice(start, start + m).map((count, j) => count - to[start + j]!);
    for (let j = 0, k = 0; j < m; ) {
      if (leaving[j]! <= 0) j++;
      else if (leaving[k]! >= 0) k++;
      else {
        const amount = Math.min(leaving[j]!, -leaving[k]!);
        arcs[j]!.push({ to: k, cells: [start + j, start + k], amount });
        leaving[j]! -= amount;
        leaving[k]! += amount;
      }
    }
  }
  const before = loads(problem, from);
  const after = loads(problem, to);
  for (let j = 0; j < m; j++) {
    const more = after[j]! - before[j]!;
    if (more > 0) arcs[j]!.push({ to: m, cells: [], amount: more });
    else if (more < 0) arcs[m]!.push({ to: j, cells: [], amount: -more });
  }

  const cycles: Cycle[] = [];
  const position = new Int32Array(m + 1).fill(-1);
  for (let start = 0; start <= m; start++) {
    while (arcs[start]!.length > 0) {
      const path = [];
      let node = start;
      while (position[node]! < 0) {
        position[node] = path.length;
        const arc = arcs[node]!.at(-1)!;
        path.push({ node, arc });
        node = arc.to;
      }
      const ring = path.slice(position[node]!);
      for (const step of path) position[step.node] = -1;
      const amount = Math.min(...ring.map(({ arc }) => arc.amount));
      for (const { node: at, arc } of ring) {
        arc.amount -= amount;
        if (arc.amount === 0) arcs[at]!.pop();
      }
      const cells = ring.flatMap(({ arc }) => arc.cells);
      let dv = 0;
      for (let at = 0; at < cells.length; at += 2) dv += v[cells[at + 1]!]! - v[cells[at]!]!;
      cycles.push({ cells, amount, dv });
    }
  }
  return cycles;
}
