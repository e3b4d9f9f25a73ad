import type { ByTenant } from '../by-tenant.js';

/** Fewer parties have no majority that one of them could not be. */
const LEAST_PARTIES = 3;
/** Makes the median absolute deviation that of a normal distribution. */
const TO_DEVIATION = 1.4826;

/**
 * What parties agree on, for somebody of whom nothing is known: the median of their estimates, taken back to `start` by as much as
 * the median may be off by chance (positive-part James-Stein; its variance is pi/2 s^2/K, with s by the median absolute deviation).
 * Parties that differ widely say nothing about another one; parties that agree say it all.
 *
 * One party has one voice, however loud: the value goes no further from `start` than more than half of the parties do, so that
 * fewer than half of them cannot move it out of the range of the others. Of fewer than three parties it is `start`.
 *
 * @param estimates one a party
 */
export function consensus(estimates: readonly number[], start: number): number {
  if (estimates.length < LEAST_PARTIES) return start;
  const middle = medianToward(start, estimates);
  const deviations = estimates.map((one) => Math.abs(one - middle));
  const spread = TO_DEVIATION * medianToward(Number.POSITIVE_INFINITY, deviations);
  const noise = ((Math.PI / 2) * spread ** 2) / estimates.length;
  const moved = middle - start;
  return noise >= moved ** 2 ? start : start + moved * (1 - noise / moved ** 2);
}

/** The median; of an even number the one of the two in the middle that is nearer to `start`. */
function medianToward(start: number, values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const low = sorted[(sorted.length - 1) >> 1] as number;
  const high = sorted[sorted.length >> 1] as number;
  return Math.abs(high - start) < Math.abs(low - start) ? high : low;
}

/** Rated answers from which on a tenant speaks for its party. */
const ENOUGH = 32;

/** Who speaks for each party: of its tenants the one with most rated answers, if these are enough. */
export function voicesOf<T>(all: ByTenant<T>, ratings: (of: T) => number): readonly T[] {
  return all
    .parties()
    .map((own) => own.reduce((most, one) => (ratings(one) > ratings(most) ? one : most)))
    .filter((one) => ratings(one) >= ENOUGH);
}
