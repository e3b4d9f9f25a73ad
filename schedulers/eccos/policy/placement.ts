import { type Priced, searchPrice } from '../assign/price-search.js';
import { LEAST_COST } from '../assign/problem.js';
import { expand, mergeRows, noWork } from '../assign/transport.js';
import type { Claims } from './claims.js';

/**
 * What a call that is almost overdue gains by it, as a share of what regret usually amounts to. More of it is closer to
 * first come, first served, less of it lets single calls wait longer. Below 1, or age would count for more than rank.
 */
const AGEING = 0.25;

/**
 * Who starts where. As many calls as possible are placed, those with the largest claims first, and among equals at least
 * regret: what a call costs more, net of its quality and with the price of the slot, than on the core that suits it best,
 * also if that one is full now. So a free slot goes to the call that it suits, and who would regret it waits.
 *
 * It is one assignment problem, with waiting as one more core.
 *
 * @param net cost of each pair, row-major, NaN = cannot be used
 * @param slots calls that each core may take now
 * @param open whether a call may be placed now
 * @returns core of each call, -1 = waits
 */
export function placeCalls(
  net: Float64Array,
  slots: readonly number[],
  open: readonly boolean[],
  claims: Claims,
): Int32Array {
  const [n, m] = [open.length, slots.length];
  const { regrets, most, usual } = regretsOf(net, m, open);
  const width = m + 1;
  // Moving one call in may move others from core to core, at most one from each.
  const wait = (m + 2) * most;
  const cost = new Float64Array(n * width);
  const allowed = new Uint8Array(n * width);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < m; j++) {
      const regret = regrets[i * m + j]!;
      if (Number.isNaN(regret)) continue;
      cost[i * width + j] = regret;
      allowed[i * width + j] = 1;
    }
    cost[i * width + m] = wait * (1 + claims.rank[i]!) + AGEING * usual * claims.waited[i]!;
    allowed[i * width + m] = 1;
  }
  const caps = Int32Array.of(...slots, n);
  const pairs = { m: width, cost, quality: cost, caps, eligible: allowed, form: LEAST_COST };
  // Every call is served: it can wait at least.
  const merged = mergeRows(pairs, new Uint8Array(n).fill(1));
  const { under } = searchPrice(merged.problem, noWork(merged.problem)) as Priced;
  return expand(merged, under.x, n).map((core) => (core === m ? -1 : core));
}

/** `regrets` is NaN where a pair cannot be used; `most` is the greatest, `usual` the median over calls of each one's greatest. */
function regretsOf(net: Float64Array, m: number, open: readonly boolean[]) {
  const regrets = new Float64Array(net.length).fill(Number.NaN);
  const greatest: number[] = [];
  for (let i = 0; i < open.length; i++) {
    if (!open[i]) continue;
    const row = net.subarray(i * m, i * m + m);
    const known = row.filter((one) => !Number.isNaN(one));
    const least = Math.min(...known);
    regrets.set(
      row.map((one) => one - least),
      i * m,
    );
    greatest.push(Math.max(0, ...known.map((one) => one - least)));
  }
  greatest.sort((a, b) => a - b);
  const most = greatest.at(-1) || 1;
  return { regrets, most, usual: greatest[greatest.length >> 1] || most };
}
