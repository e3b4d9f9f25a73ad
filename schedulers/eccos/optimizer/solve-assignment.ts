import { priceAssignment, slotPricesOf } from '../assign/priced-assignment.js';
import type { AssignmentProblem, Form } from '../assign/problem.js';
import { expand } from '../assign/transport.js';
import { walkCycles } from './cycle-walk.js';
import { improve } from './improve.js';
import { type AssignmentSolution, reduce, toSolution } from './solution.js';

export type { AssignmentProblem } from '../assign/problem.js';
export type { AssignmentSolution } from './solution.js';

/**
 * Assigns pending calls to cores at least cost for a mean quality, at best quality for a budget, or at a given price of
 * quality, and says how far from optimal the answer can be at most.
 *
 * This is an API of its own (`eccos-kernel/optimizer`) and the reference in tests and benchmarks. No policy calls it: a
 * tick needs the flow at given prices and the prices of slots only, which are in `../assign/`. What is added here, walks along
 * cycles, sets of composite moves and a proof, closes the gap that prices leave in the forms with a target.
 *
 * Which calls are served is decided first, by claim alone; the target refers to the served calls. Deterministic: equal
 * input, equal output. The method is Lagrangian duality on one constraint over an exact transportation problem.
 *
 * @throws TypeError naming field, rule and value, if a field has a wrong length or no meaning.
 */
export function solveAssignment(input: AssignmentProblem): AssignmentSolution {
  const found = priceAssignment(input);
  const { task, merged, priced, unservable, work } = found;
  const { problem } = merged;
  const { lambda, mu, limit } = priced;
  const reduced = { ...reduce(problem, limit, lambda, mu), mu };
  const { best, exact } = improve(problem, limit, reduced, walkCycles(problem, priced), task.relGap, work);
  return toSolution(task, {
    status: limit <= problem.limit + tolerance(task.form, problem.total) ? 'solved' : 'infeasible',
    assignment: expand(merged, best.x, task.n),
    bound: reduced.bound,
    lambda: task.form.kind === 'lambda' ? task.form.value : lambda,
    mu: slotPricesOf(found),
    exact,
    unservable,
    work,
  });
}

/** How far beyond the exact target an answer still counts as reaching it. */
function tolerance({ kind, value }: Form, served: number): number {
  return kind === 'alpha' ? 1e-9 * served : 1e-12 * Math.abs(value);
}
