import type { AssignmentProblem, AssignmentSolution } from './assignment.js';
import { reduce } from './bound.js';
import { walkCycles } from './cycle-walk.js';
import { improve } from './improve.js';
import { type Prices, searchPrice } from './price-search.js';
import { expand, mergeRows } from './rows.js';
import { servedSet } from './served-set.js';
import { priceClosedCores } from './slot-prices.js';
import { toSolution } from './solution.js';
import { type Form, toTask } from './task.js';

export type { AssignmentProblem, AssignmentSolution } from './assignment.js';

/**
 * Assigns pending calls to cores at least cost for a mean quality, at best quality for a budget, or at a given price of
 * quality, and says how far from optimal the answer can be at most.
 *
 * Which calls are served is decided first, by claim alone; the target refers to the served calls. Deterministic: equal
 * input, equal output. The method is Lagrangian duality on one constraint over an exact transportation problem.
 *
 * @throws TypeError naming field, rule and value, if a field has a wrong length or no meaning.
 */
export function solveAssignment(input: AssignmentProblem): AssignmentSolution {
  const task = toTask(input);
  const { served, unservable } = servedSet(task);
  const merged = mergeRows(task, served);
  const { problem } = merged;
  const work = { rows: problem.rows, flows: 0, augmentations: 0, composites: 0, nodes: 0 };

  const priced = searchPrice(problem, work, warmPrices(input.warm, task.m, task.form));
  if (!priced) throw new Error('Invariant broken: the served calls do not fit the caps');
  const { lambda, mu, limit } = priced;
  const reduced = { ...reduce(problem, limit, lambda, mu), mu };
  const { best, exact } = improve(problem, limit, reduced, walkCycles(problem, priced), task.relGap, work);

  return toSolution(task, {
    status: limit <= problem.limit + tolerance(task.form, problem.total) ? 'solved' : 'infeasible',
    assignment: expand(merged, best.x, task.n),
    bound: reduced.bound,
    lambda: task.form.kind === 'lambda' ? task.form.value : lambda,
    mu: priceClosedCores(task, merged, priced),
    exact,
    unservable,
    work,
  });
}

/** How far beyond the exact target an answer still counts as reaching it. */
function tolerance({ kind, value }: Form, served: number): number {
  return kind === 'alpha' ? 1e-9 * served : 1e-12 * Math.abs(value);
}

function warmPrices(warm: AssignmentProblem['warm'], m: number, { kind }: Form): Prices | undefined {
  // In the lambda form the price is part of the objective, so that none is left to search.
  const lambda = kind === 'lambda' ? 0 : warm?.lambda;
  if (lambda === undefined || !(lambda >= 0) || warm?.mu?.length !== m) return undefined;
  return { lambda, mu: Float64Array.from(warm.mu, (price) => (price > 0 ? price : 0)) };
}
