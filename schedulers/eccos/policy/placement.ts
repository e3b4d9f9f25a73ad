import { type Priced, searchPrice } from '../assign/price-search.js';
import { LEAST_COST } from '../assign/problem.js';
import { expand, mergeRows, noWork } from '../assign/transport.js';
import type { Claims } from './claims.js';
import type { Market } from './market.js';

/**
 * What a call that is almost overdue gains by it, as a share of what regret usually amounts to. More of it is closer to
 * first come, first served, less of it lets single calls wait longer. Below 1, or age would count for more than rank.
 */
const AGEING = 0.25;

/** What decides besides predictions. Lists have an entry a core or a call of the market. */
export interface PlacementRules {
  /** Calls that each core may take now. */
  readonly slots: readonly number[];
  /** US dollars for one call from surely wrong to surely right. */
  readonly lambda: number;
  /** US dollars that a slot of each core is worth to calls to come. */
  readonly slotPrices: ArrayLike<number>;
  /** Calls that may be placed now. */
  readonly open: readonly boolean[];
  readonly claims: Claims;
}

/**
 * Who starts where. As many calls as possible are placed, those with the largest claims first, and among equals at least
 * regret: what a call costs more, net of its quality and with the price of the slot, than on the core that suits it best,
 * also if that one is full now. So a free slot goes to the call that it suits, and who would regret it waits.
 *
 * It is one assignment problem, with waiting as one more core.
 *
 * @returns core of each call, -1 = waits
 */
export function placeCalls(market: Market, rules: PlacementRules): Int32Array {
  const { n, m } = market;
  const { slots, claims } = rules;
  const { regrets, most, usual } = regretsOf(market, rules);
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
function regretsOf(
  { n, m, costUsd, quality, bars }: Market,
  { lambda, slotPrices, open }: PlacementRules,
): { readonly regrets: Float64Array; readonly most: number; readonly usual: number } {
  const regrets = new Float64Array(n * m).fill(Number.NaN);
  const greatest: number[] = [];
  for (let i = 0; i < n; i++) {
    if (!open[i]) continue;
    const from = i * m;
    let least = Infinity;
    let most = 0;
    for (let j = 0; j < m; j++) {
      const net = costUsd[from + j]! - lambda * quality[from + j]! + slotPrices[j]!;
      if (bars[from + j] !== '' || !Number.isFinite(net)) continue;
      regrets[from + j] = net;
      if (net < least) least = net;
    }
    for (let j = 0; j < m; j++) {
      regrets[from + j]! -= least;
      if (regrets[from + j]! > most) most = regrets[from + j]!;
    }
    greatest.push(most);
  }
  greatest.sort((a, b) => a - b);
  const most = greatest.at(-1) || 1;
  return { regrets, most, usual: greatest[greatest.length >> 1] || most };
}
