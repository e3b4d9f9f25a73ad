import { type Priced, type Prices, searchPrice } from './price-search.js';
import { type AssignmentProblem, type Task, toTask } from './problem.js';
import { servedSet } from './served-set.js';
import { expand, type Merged, mergeRows, noWork, type Work } from './transport.js';

/** A problem with its optimal prices, and a flow that keeps the target: optimal in the lambda form, near it in the others. */
export interface PricedAssignment {
  readonly task: Task;
  readonly merged: Merged;
  /** Calls that no core with a slot may serve. */
  readonly unservable: Int32Array;
  readonly priced: Priced;
  readonly work: Work;
}

/**
 * Finds the prices of a problem: which calls are served is decided first, by claim alone; then the price of the target
 * and of the slots.
 *
 * @throws TypeError naming field, rule and value, if a field has a wrong length or no meaning.
 */
export function priceAssignment(input: AssignmentProblem): PricedAssignment {
  const task = toTask(input);
  const { served, unservable } = servedSet(task);
  const merged = mergeRows(task, served);
  const work = noWork(merged.problem);
  const priced = searchPrice(merged.problem, work, warmPrices(input.warm, task));
  if (!priced) throw new Error('Invariant broken: the served calls do not fit the caps');
  return { task, merged, unservable, priced, work };
}

/** Core of each call, -1 = stays pending. */
export function assignmentOf({ task, merged, priced }: PricedAssignment): Int32Array {
  return expand(merged, priced.under.x, task.n);
}

/**
 * The price of one more slot on each core. A core that has no slot gets the price of its first: the most that one served
 * call would gain there. So the bound can be recomputed over all eligible pairs, without knowing which cores were closed.
 */
export function slotPricesOf({ task, merged, priced }: PricedAssignment): Float64Array {
  const { m, cost, quality, caps, eligible, form } = task;
  const { problem, calls, rowOf } = merged;
  const { lambda, mu } = priced;
  const prices = mu.slice();
  const closed = [...caps.keys()].filter((j) => caps[j] === 0);
  if (closed.length === 0) return prices;
  const { u, v, rows } = problem;
  const least = new Float64Array(rows).fill(Infinity);
  for (let cell = 0; cell < u.length; cell++) {
    const row = Math.floor(cell / m);
    least[row] = Math.min(least[row]!, u[cell]! + lambda * v[cell]! + mu[cell % m]!);
  }
  for (let at = 0; at < calls.length; at++) {
    for (const j of closed) {
      const cell = calls[at]! * m + j;
      if (!eligible[cell]) continue;
      const price =
        (form.uCost + lambda * form.vCost) * cost[cell]! + (form.uQuality + lambda * form.vQuality) * quality[cell]!;
      prices[j] = Math.max(prices[j]!, least[rowOf[at]!]! - price);
    }
  }
  return prices;
}

function warmPrices(warm: AssignmentProblem['warm'], { m, form }: Task): Prices | undefined {
  // In the lambda form the price is part of the objective: there is nothing to search for.
  const lambda = form.kind === 'lambda' ? 0 : warm?.lambda;
  if (lambda === undefined || !(lambda >= 0) || warm?.mu?.length !== m) return undefined;
  return { lambda, mu: Float64Array.from(warm.mu, (price) => (price > 0 ? price : 0)) };
}
