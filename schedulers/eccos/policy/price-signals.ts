import type { AlphaLearnt, PriceLearnt } from './eccos-learnt.js';
import type { Rated } from './price-control.js';

/** Recent calls with believed quality and cost, row-major, NaN = unknown: what traffic looks like here. */
export interface Sample {
  readonly n: number;
  readonly m: number;
  readonly quality: Float64Array;
  readonly costUsd: Float64Array;
  /** Share of the calls of whose task nothing is known: the nets were not trained on it, and no answer was rated. */
  readonly unknown: number;
}

/** Bounds of the price, in units. */
const FLOOR = 1e-3;
const CEILING = 30;
/** Least range of quality that counts: below, cores are as good as equal. */
const LEAST_RANGE = 0.01;
/** Memory of running means, in calls. */
const MEMORY = 512;

/** How far cost and quality of one call lie apart over the cores; sums over calls. */
export interface Spread {
  readonly calls: number;
  readonly costUsd: number;
  readonly quality: number;
}

/**
 * The price of quality: US dollars for one call from surely wrong to surely right. It is carried from tick to tick,
 * moved by factors, and bounded by multiples of its natural unit, range(cost) / range(quality) of a usual call.
 */
export class CarriedPrice {
  #value = 0;
  #calls = 0;
  #costUsd = 0;
  #quality = 0;

  get learnt(): PriceLearnt {
    return [this.#value, this.#calls, this.#costUsd, this.#quality];
  }

  restore([value, calls, costUsd, quality]: PriceLearnt): void {
    [this.#calls, this.#costUsd, this.#quality] = [calls, costUsd, quality];
    this.start(value);
  }

  get value(): number {
    return this.#value;
  }

  get unit(): number {
    return this.#costUsd / Math.max(LEAST_RANGE, this.#quality) || 1;
  }

  get isAtCeiling(): boolean {
    return this.#value >= CEILING * this.unit;
  }

  /** Takes in calls that are decided on now. */
  observe({ calls, costUsd, quality }: Spread): void {
    if (calls === 0) return;
    this.#calls = Math.min(MEMORY, this.#calls + calls);
    const weight = Math.min(1, calls / this.#calls);
    this.#costUsd += weight * (costUsd / calls - this.#costUsd);
    this.#quality += weight * (quality / calls - this.#quality);
    this.start(this.#value);
  }

  start(value: number): void {
    this.#value = Math.max(FLOOR * this.unit, Math.min(CEILING * this.unit, value));
  }

  /** Multiplies the price by exp(step). */
  move(step: number): void {
    this.start(this.#value * Math.exp(step));
  }
}

/** Sums the ranges of cost and quality over the cores for some of the calls; a pair with a NaN counts as none. */
export function spreadOf({ m, quality, costUsd }: Omit<Sample, 'n' | 'unknown'>, rows: readonly number[]): Spread {
  const sum = { calls: rows.length, costUsd: 0, quality: 0 };
  for (const row of rows) {
    const from = row * m;
    sum.costUsd += range(costUsd, from, from + m);
    sum.quality += range(quality, from, from + m);
  }
  return sum;
}

function range(values: Float64Array, from: number, to: number): number {
  let least = Infinity;
  let most = -Infinity;
  for (let cell = from; cell < to; cell++) {
    const value = values[cell]!;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return most > least ? most - least : 0;
}

/** Standard errors by which the first calls are taken for harder than the calls to come. */
const CAUTION = 1.5;

/** How easy a call is: its mean predicted quality over the cores that something is known of. */
export function easeOf(quality: Float64Array, call: number, cores: number): number {
  let sum = 0;
  let known = 0;
  for (let cell = call * cores; cell < (call + 1) * cores; cell++) {
    if (Number.isNaN(quality[cell]!)) continue;
    sum += quality[cell]!;
    known++;
  }
  return known === 0 ? 0 : sum / known;
}

/**
 * How easy calls usually are. A batch that is easier than usual is predicted to be better at the same price of quality,
 * and that must not move the price: as a control variate, ease takes most of the noise out of predicted quality.
 */
export class UsualEase {
  #calls = 0;
  #mean = 0;
  #square = 0;

  static of({ n, m, quality }: Pick<Sample, 'n' | 'm' | 'quality'>): UsualEase {
    const usual = new UsualEase();
    for (let i = 0; i < n; i++) usual.add(easeOf(quality, i, m));
    return usual;
  }

  get learnt(): AlphaLearnt['ease'] {
    return [this.#calls, this.#mean, this.#square];
  }

  restore(learnt: AlphaLearnt['ease']): void {
    [this.#calls, this.#mean, this.#square] = learnt;
  }

  /** Ease above which a call is easier than usual, exponentially over the last 512 calls. */
  get mean(): number {
    return this.#mean;
  }

  /**
   * By how much the mean may be too low as long as few calls are known. Costs grow ever faster with quality: a price that
   * starts too high costs more than one that starts too low, and what that owes is made up for later.
   */
  get doubt(): number {
    const deviation = Math.sqrt(Math.max(0, this.#square - this.#mean ** 2));
    return this.#calls === 0 ? 0 : CAUTION * deviation * (1 / Math.sqrt(this.#calls) - 1 / Math.sqrt(MEMORY));
  }

  add(ease: number): void {
    this.#calls = Math.min(MEMORY, this.#calls + 1);
    this.#mean += (ease - this.#mean) / this.#calls;
    this.#square += (ease ** 2 - this.#square) / this.#calls;
  }
}

/** Answers that the margin before anything is rated counts for, and the memory of how far predictions are too high. */
const BIAS = { prior: 128, memory: 2048 } as const;
/** Calls over which is made up for what others were worse or better than the target. */
const REPAY = 384;
/** By how much the margin that is wanted may pass its bounds: what cannot be made up for is not owed for long. */
const SLACK = 0.05;

/**
 * Keeps realised quality at the target although the chosen predictions are too high: predictions aim above it by how far
 * those of rated answers were too high, and by what all calls still owe,
 *
 *     margin = bias + (sum of (alpha + bias - predicted) + sum of (predicted - bias - rated)) / 384,
 *     bias = mean of (predicted - rated),
 *
 * where the first sum is over calls that were placed, the others are over rated answers. What was placed and is not rated, or
 * not yet, counts as predicted less the bias: long answers come last and are wrong more often, so that the mean of those that
 * have come is too high.
 *
 * Before anything is rated the bias is `start`, or `usual()` where that is known: the prior mean, which weighs as much as 128
 * answers and less with each that is rated.
 */
export class QualityMargin {
  readonly #start: number;
  readonly #clip: readonly [low: number, high: number];
  readonly #usual: () => number;
  #count: number = BIAS.prior;
  /** With `start` as the prior mean. */
  #ownBias: number;
  /** Share of the prior mean in the bias. */
  #prior = 1;
  #owed = 0;

  /**
   * @param start margin before anything is rated
   * @param clip bounds of the margin, around `start`
   * @param usual bias of others who agree @default start
   */
  constructor(start: number, [low, high]: readonly [low: number, high: number], usual = () => start) {
    this.#start = start;
    this.#ownBias = start;
    this.#clip = [start + low, start + high];
    this.#usual = usual;
  }

  get learnt(): AlphaLearnt['margin'] {
    return [this.#count, this.#ownBias, this.#prior, this.#owed];
  }

  restore(learnt: AlphaLearnt['margin']): void {
    [this.#count, this.#ownBias, this.#prior, this.#owed] = learnt;
  }

  /** The bias by its own ratings alone. */
  get ownBias(): number {
    return this.#ownBias;
  }

  /** By how much predicted quality must lie above alpha. */
  get value(): number {
    const [low, high] = this.#clip;
    return Math.max(low, Math.min(high, this.#wanted));
  }

  /** Whether the margin would have to be larger still. */
  get isExhausted(): boolean {
    return this.#wanted >= this.#clip[1];
  }

  /** @param quality sum of what was predicted of the calls */
  placed(calls: number, quality: number, alpha: number): void {
    this.#owe(calls * (alpha + this.#bias) - quality);
  }

  rated({ quality, predicted, weight, before }: Rated): void {
    const bias = this.#bias;
    this.#owe((before ?? predicted - bias) - quality);
    this.#count = Math.min(BIAS.memory, this.#count + weight);
    this.#ownBias += (weight * (predicted - quality - this.#ownBias)) / this.#count;
    this.#prior *= 1 - weight / this.#count;
  }

  get #bias(): number {
    return this.#ownBias + this.#prior * (this.#usual() - this.#start);
  }

  #owe(quality: number): void {
    const [low, high] = this.#clip;
    const least = REPAY * (low - SLACK - this.#bias);
    const most = REPAY * (high + SLACK - this.#bias);
    this.#owed = Math.max(least, Math.min(most, this.#owed + quality));
  }

  get #wanted(): number {
    return this.#bias + this.#owed / REPAY;
  }
}
