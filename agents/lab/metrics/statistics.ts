import { Random } from '../load/random.js';

/** A mean over seeds with its 95 % interval; `null` where one seed gives no interval. */
export interface Figure {
  readonly mean: number;
  readonly low: number | null;
  readonly high: number | null;
}

/** Of a bootstrap. */
export const RESAMPLES = 4000;

/** The 97.5 % point of Student's t by degrees of freedom, from 1. */
const T_975 = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11,
  2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042,
] as const;

/**
 * Mean of one value a seed, with a bootstrap interval over the seeds: percentiles, expanded for small samples
 * (Hesterberg, "What teachers should know about the bootstrap", 2015, section 3.2), because plain percentiles of
 * 5 values cover 83 % instead of 95 %. All figures of one number of seeds use the same resamples, so they are paired.
 *
 * @returns null when a seed has no value
 */
export function figureOf(values: readonly (number | null)[]): Figure | null {
  const known = values.filter((value) => value !== null);
  const count = known.length;
  if (count === 0 || count < values.length) return null;
  const mean = meanOf(known);
  if (count === 1) return { mean, low: null, high: null };
  const random = new Random('bootstrap');
  const means = new Float64Array(RESAMPLES);
  for (let i = 0; i < RESAMPLES; i++) {
    let sum = 0;
    for (let k = 0; k < count; k++) sum += known[random.int(0, count - 1)] as number;
    means[i] = sum / count;
  }
  means.sort();
  const tail = tailOf(count);
  return { mean, low: quantileOfSorted(means, tail), high: quantileOfSorted(means, 1 - tail) };
}

/** Share of the resamples below, and above, the 95 % interval of a mean of so many values. @param count 2 or more */
export function tailOf(count: number): number {
  const t = T_975[count - 2] ?? 1.96;
  return normalTail(t * Math.sqrt(count / (count - 1)));
}

/** How many values a group has, and their sum. */
export interface Group {
  readonly count: number;
  readonly sum: number;
}

/**
 * The mean of values that come in groups, within which they may depend on each other, with its 95 % interval: the cluster-robust
 * variance of a ratio (Cochran, "Sampling Techniques", 1977, section 9A), K / (K - 1) sum_k (sum_k - count_k mean)^2 / N^2.
 */
export function groupedMean(groups: readonly Group[]): Figure | null {
  const count = sumOf(groups.map((group) => group.count));
  if (count === 0) return null;
  const mean = sumOf(groups.map((group) => group.sum)) / count;
  if (groups.length === 1) return { mean, low: null, high: null };
  const squares = sumOf(groups.map((group) => (group.sum - group.count * mean) ** 2));
  const half = (1.96 * Math.sqrt((groups.length / (groups.length - 1)) * squares)) / count;
  return { mean, low: mean - half, high: mean + half };
}

export function meanOf(values: readonly number[]): number {
  return sumOf(values) / values.length;
}

/** Sum with Neumaier's compensation: sums of a million small costs agree with any other careful sum. */
export function sumOf(values: Iterable<number>): number {
  let sum = 0;
  let lost = 0;
  for (const value of values) {
    const next = sum + value;
    lost += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum;
    sum = next;
  }
  return sum + lost;
}

/** Null where one of them is not known, or the second one is 0. */
export function ratioOf(own: number | null, other: number | null): number | null {
  return own === null || other === null || other === 0 ? null : own / other;
}

/** Quantiles by linear interpolation between order statistics (type 7 of Hyndman and Fan); null of nothing. */
export function quantilesOf(values: readonly number[], at: readonly number[]): (number | null)[] {
  const sorted = Float64Array.from(values).sort();
  return at.map((p) => (sorted.length === 0 ? null : quantileOfSorted(sorted, p)));
}

/** Jain's index of fairness: 1 = all the same, 1/n = one has everything; null of nothing. */
export function jainOf(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  return sumOf(values) ** 2 / (values.length * sumOf(values.map((value) => value ** 2)));
}

function quantileOfSorted(sorted: Float64Array, p: number): number {
  const place = p * (sorted.length - 1);
  const below = sorted[Math.floor(place)] as number;
  const above = sorted[Math.ceil(place)] as number;
  return below === above ? below : below + (place - Math.floor(place)) * (above - below);
}

/** P(Z > z) of a standard normal, z >= 0, to 1e-7 (Abramowitz and Stegun 26.2.17). */
function normalTail(z: number): number {
  const t = 1 / (1 + 0.2316419 * z);
  const poly = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * poly;
}
