import type { Millis } from '../../../syscalls/syscall.js';
import { probabilityOf } from './logit.js';
import type { Market } from './market.js';

/** Standard deviation of the logarithm of how long an answer takes, and where its 90 % quantile lies. */
const SPREAD = 0.5;
const Z90 = 1.2816;
/**
 * What a missed deadline costs, in multiples of how far the cores of a call lie apart at the price of quality. In
 * simulation, five cores and 4, 8 and 10 calls a second that had 3 to 20 s each: 0 misses 1.8, 1.8 and 5.7 %, 30 misses
 * .6, 1.0 and 5.7 %, 300 misses .2, .8 and 5.9 %; first come, first served, fast cores first, .3, 3.3 and 8.1 %.
 */
const MISS = 300;

/** Probability that an answer takes longer than `slack`, where one in ten takes longer than `p90`; 0 where that is not known. */
export function lateness(p90: Millis, slack: Millis): number {
  if (!(p90 > 0)) return 0;
  if (slack <= 0) return 1;
  const z = Z90 + Math.log(slack / p90) / SPREAD;
  // The normal distribution to 1.4e-4: Page, "Approximations to the cumulative normal function", 1977.
  return probabilityOf(-1.5976 * z - 0.070566 * z ** 3);
}

/** What the risk of missing its deadline costs the `i`-th call on each core, US dollars. */
export function riskUsd({ m, costUsd, quality, bars, late }: Market, i: number, lambda: number): Float64Array {
  let least = Infinity;
  let most = -Infinity;
  for (let cell = i * m; cell < i * m + m; cell++) {
    const net = costUsd[cell]! - lambda * quality[cell]!;
    if (bars[cell] !== '' || !Number.isFinite(net)) continue;
    least = Math.min(least, net);
    most = Math.max(most, net);
  }
  const spread = Math.max(0, most - least);
  return late.slice(i * m, i * m + m).map((share) => MISS * share * spread);
}

/** The market with the risk of missing deadlines in its costs. */
export function withRisk(market: Market, lambda: number): Market {
  const { m, calls } = market;
  if (calls.every(({ expiresAt }) => expiresAt === undefined)) return market;
  const costUsd = market.costUsd.slice();
  for (const [i, { expiresAt }] of calls.entries()) {
    if (expiresAt === undefined) continue;
    for (const [j, usd] of riskUsd(market, i, lambda).entries()) costUsd[i * m + j]! += usd;
  }
  return { ...market, costUsd };
}
