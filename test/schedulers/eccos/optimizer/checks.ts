import { expect } from 'vitest';
import type { AssignmentProblem, AssignmentSolution } from '../../../../schedulers/eccos/optimizer/solve-assignment.js';
import { usable } from './highs.js';

/** Sums below this count as 0. */
const TINY = 1e-90;

/** What holds for every solution, recomputed here from the inputs alone. */
export function expectSound(problem: AssignmentProblem, found: AssignmentSolution): void {
  const { n, m, cost, quality, caps, alpha, budget, lambda: price } = problem;
  const load = new Array<number>(m).fill(0);
  let sumCost = 0;
  let sumQuality = 0;
  let served = 0;
  expect(found.assignment).toHaveLength(n);
  for (const [call, core] of found.assignment.entries()) {
    if (core === -1) continue;
    if (!usable(problem, call * m + core)) throw new Error(`call ${call} is on core ${core}, which it may not use`);
    load[core]!++;
    served++;
    sumCost += cost[call * m + core]!;
    sumQuality += quality[call * m + core]!;
  }
  for (const [core, used] of load.entries()) {
    if (used > Math.max(0, Math.floor(caps[core]!)))
      throw new Error(`core ${core} has ${used} calls, cap ${caps[core]}`);
  }
  const scale = Math.abs(sumCost) + Math.abs(sumQuality) + TINY;
  expect(Math.abs(found.cost - sumCost)).toBeLessThanOrEqual(1e-12 * scale);
  expect(Math.abs(found.quality - sumQuality)).toBeLessThanOrEqual(1e-12 * scale);
  expect(found.gap).toBeGreaterThanOrEqual(0);
  expect(found.lambda).toBeGreaterThanOrEqual(0);
  expect(found.mu.every((slot) => slot >= 0)).toBe(true);
  if (found.status === 'infeasible') return;
  if (alpha !== undefined) expect(sumQuality).toBeGreaterThanOrEqual((alpha - 1e-9) * served - 1e-11 * served);
  if (budget !== undefined) expect(sumCost).toBeLessThanOrEqual(budget + 2e-12 * Math.abs(budget) + TINY);

  // Weak duality and the identity of the gap, from the returned prices alone.
  const u = (cell: number): number =>
    alpha !== undefined ? cost[cell]! : budget !== undefined ? -quality[cell]! : cost[cell]! - price! * quality[cell]!;
  const v = (cell: number): number => (alpha !== undefined ? -quality[cell]! : budget !== undefined ? cost[cell]! : 0);
  const limit = alpha !== undefined ? -alpha * served : (budget ?? 0);
  const lambda = price === undefined ? found.lambda : 0;
  let sumU = 0;
  let sumV = 0;
  let bound = 0;
  let regret = 0;
  let terms = 0;
  for (const [call, core] of found.assignment.entries()) {
    if (core === -1) continue;
    let least = Infinity;
    for (let j = 0; j < m; j++) {
      const cell = call * m + j;
      if (usable(problem, cell)) least = Math.min(least, u(cell) + lambda * v(cell) + found.mu[j]!);
    }
    const own = call * m + core;
    sumU += u(own);
    terms += Math.abs(u(own)) + (price ?? 0) * Math.abs(quality[own]!) + lambda * Math.abs(v(own)) + found.mu[core]!;
    sumV += v(own);
    bound += least;
    regret += u(own) + lambda * v(own) + found.mu[core]! - least;
  }
  const slots = (j: number): number => Math.min(n, Math.max(0, Math.floor(caps[j]!)));
  let idle = 0;
  for (let j = 0; j < m; j++) {
    if (slots(j) === 0) continue;
    bound -= found.mu[j]! * Math.min(slots(j), served);
    idle += found.mu[j]! * (Math.min(slots(j), served) - load[j]!);
  }
  if (lambda > 0) bound -= lambda * limit;
  // An alpha that is missed by up to 1e-9 counts as reached; the bound is then that of what is reached.
  const limited = lambda > 0 ? lambda * (Math.abs(sumV) + Math.abs(limit) + served) : 0;
  const size = terms + limited + TINY;
  expect(bound).toBeLessThanOrEqual(sumU + 1e-9 * size);
  const slack = lambda > 0 ? lambda * (limit - sumV) : 0;
  expect(Math.abs(sumU - bound - (regret + slack + idle))).toBeLessThanOrEqual(1e-9 * size);
  expect(Math.abs(bound - (budget !== undefined ? -found.bound : found.bound))).toBeLessThanOrEqual(1e-9 * size);
}

export function servedCount({ assignment }: AssignmentSolution): number {
  return assignment.reduce((count, core) => count + (core >= 0 ? 1 : 0), 0);
}
