/** Recent calls with believed quality and cost, row-major, NaN = unknown: what traffic looks like here. */
export interface Sample {
  readonly n: number;
  readonly m: number;
  readonly quality: Float64Array;
  readonly costUsd: Float64Array;
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

/** Sums the ranges of cost and quality over the cores, call by call; a pair with a NaN counts as none. */
export function spreadOf({ n, m, quality, costUsd }: Sample): Spread {
  const sum = { calls: n, costUsd: 0, quality: 0 };
  for (let from = 0; from < n * m; from += m) {
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

  static of({ n, m, quality }: Sample): UsualEase {
    const usual = new UsualEase();
    for (let i = 0; i < n; i++) usual.add(easeOf(quality, i, m));
    return usual;
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

/** Rated answers that make a batch. */
const BATCH = 64;
/**
 * The prototype had .1. At .2 the mean of 1,500 answers of a predictor that is 5 points too high lies .7 points from
 * alpha instead of 1.3, root mean square, at the same cost.
 */
const GAIN = 0.2;

/**
 * Keeps realised quality at the target although the chosen predictions are too high: an integral on the mean of rated
 * answers, I <- clip(I + .2 (alpha - mean of a batch of 64), low, high).
 */
export class QualityMargin {
  readonly #start: number;
  readonly #clip: readonly [low: number, high: number];
  #integral = 0;
  #sum = 0;
  #count = 0;

  /** @param start margin before anything is rated @param clip bounds of the integral */
  constructor(start: number, clip: readonly [low: number, high: number]) {
    this.#start = start;
    this.#clip = clip;
  }

  /** By how much predicted quality must lie above alpha. */
  get value(): number {
    return this.#start + this.#integral;
  }

  /** Whether the margin would have to be larger still. */
  get isExhausted(): boolean {
    return this.#integral >= this.#clip[1];
  }

  rated(quality: number, alpha: number): void {
    this.#sum += alpha - quality;
    if (++this.#count < BATCH) return;
    const [low, high] = this.#clip;
    this.#integral = Math.max(low, Math.min(high, this.#integral + (GAIN * this.#sum) / BATCH));
    this.#sum = 0;
    this.#count = 0;
  }
}
