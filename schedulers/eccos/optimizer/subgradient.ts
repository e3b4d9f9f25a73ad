import type { AssignmentProblem, AssignmentSolution } from './assignment.js';
import { reduce } from './bound.js';
import { greedyRepair } from './greedy-repair.js';
import type { Prices } from './price-search.js';
import { expand, mergeRows } from './rows.js';
import { servedSet } from './served-set.js';
import { toSolution } from './solution.js';
import { toTask } from './task.js';
import { loads, meanRange, type Placement, place, type Transport } from './transport.js';

/**
 * The published method, as a baseline: Lagrangian prices for the caps and the target, raised and lowered by
 * subgradient steps along the normalised violations, and every call on its own best core at the last prices. That may
 * break caps and miss the target (`infeasible`); with `repair` calls are then moved greedily until both hold, if they can.
 *
 * @throws TypeError as `solveAssignment` does.
 */
export function solveSubgradient(
  input: AssignmentProblem,
  { iterations = 200, repair = false }: { readonly iterations?: number; readonly repair?: boolean } = {},
): AssignmentSolution {
  const task = toTask(input);
  const { served, unservable } = servedSet(task);
  const merged = mergeRows(task, served);
  const { problem } = merged;
  const { last, prices, bound } = ascend(problem, iterations);
  const found = repair ? greedyRepair(problem, last) : last;
  const capsHold = loads(problem, found.x).every((load, j) => load <= problem.caps[j]!);
  return toSolution(task, {
    status: capsHold && found.v <= problem.limit ? 'solved' : 'infeasible',
    assignment: expand(merged, found.x, task.n),
    bound,
    lambda: task.form.kind === 'lambda' ? task.form.value : prices.lambda,
    mu: prices.mu,
    exact: false,
    unservable,
    work: { rows: problem.rows, flows: iterations, augmentations: 0, composites: 0, nodes: 0 },
  });
}

/** Steps of length `1 / sqrt(t)` in units of the spreads; the bound is the best dual value on the way. */
function ascend(problem: Transport, iterations: number): { last: Placement; prices: Prices; bound: number } {
  const { m, u, caps, limit, total } = problem;
  const muUnit = meanRange(problem, u) || 1;
  const vUnit = meanRange(problem, problem.v) || 1;
  const mu = new Float64Array(m);
  let lambda = 0;
  let last = cheapest(problem, lambda, mu);
  let bound = reduce(problem, limit, lambda, mu).bound;
  let prices = { lambda, mu: mu.slice() };
  for (let t = 1; t <= iterations; t++) {
    const load = loads(problem, last.x);
    const slope = Float64Array.from(caps, (cap, j) => (load[j]! - cap) / total);
    const slopeV = (last.v - limit) / (total * vUnit);
    const step = 1 / (Math.sqrt(t) * (Math.hypot(slopeV, ...slope) || 1));
    lambda = Math.max(0, lambda + (step * slopeV * muUnit) / vUnit);
    for (let j = 0; j < m; j++) mu[j] = Math.max(0, mu[j]! + step * slope[j]! * muUnit);
    last = cheapest(problem, lambda, mu);
    const dual = reduce(problem, limit, lambda, mu).bound;
    if (dual > bound) {
      bound = dual;
      prices = { lambda, mu: mu.slice() };
    }
  }
  return { last, prices, bound };
}

/** Every row on its own best core, caps or not. */
function cheapest(problem: Transport, lambda: number, mu: Float64Array): Placement {
  const { rows, m, u, v, size } = problem;
  const x = new Int32Array(rows * m);
  for (let row = 0; row < rows; row++) {
    let best = row * m;
    let least = Infinity;
    for (let cell = row * m; cell < row * m + m; cell++) {
      const price = u[cell]! + lambda * v[cell]! + mu[cell % m]!;
      if (price < least) {
        least = price;
        best = cell;
      }
    }
    x[best] = size[row]!;
  }
  return place(problem, x);
}
