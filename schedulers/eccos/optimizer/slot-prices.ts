import type { Prices } from './price-search.js';
import type { Merged } from './rows.js';
import type { Task } from './task.js';

/**
 * Adds the price of a first slot to cores that have none: the most that one served call would gain there. With these
 * prices the bound can be recomputed over all eligible pairs, without knowing which cores were closed.
 */
export function priceClosedCores(
  { m, cost, quality, caps, eligible, form }: Task,
  { problem, calls, rowOf }: Merged,
  { lambda, mu }: Prices,
): Float64Array {
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
