import type { AssignmentSolution } from '../optimizer/assignment.js';
import { solveAssignment } from '../optimizer/solve-assignment.js';
import { CarriedPrice, type Spread } from './carried-price.js';
import type { Placed, PriceControl, PriceState, Sample } from './price-control.js';
import { QualityMargin } from './quality-margin.js';

/** Calls whose predictions the first price rests on; until then it is found anew at each doubling. */
const ENOUGH = 64;
/**
 * Step of the log price for 64 calls that are worse than aimed at by 1. In simulation 8 keeps up with a moving margin,
 * while at .5 the price needs thousands of calls to move.
 */
const ETA = 8;
/** Above round-robin's mean predicted quality, where no alpha is given. */
const ABOVE_MEAN = 0.02;
/** Calls over which predicted and realised means are looked at to say that alpha is out of reach. */
const WINDOW = 256;
/** Predicted quality this far below the aim, or realised quality this far below alpha, is a miss. */
const MISS = 0.01;
const REALISED_MISS = 0.03;

export interface AlphaOptions {
  /** Mean quality to reach. @default the mean predicted quality over cores of the first 64 calls, + .02 */
  readonly alpha?: number | undefined;
  /** By how much predicted quality aims above alpha before anything is judged. */
  readonly margin: number;
  readonly marginClip: readonly [low: number, high: number];
}

/**
 * Keeps mean quality at alpha: the price of quality rises while the calls that are placed are predicted to be worse than
 * alpha + margin and falls while they are better, and the margin follows what judged answers turn out to be.
 */
export class AlphaControl implements PriceControl {
  readonly #options: AlphaOptions;
  readonly #margin: QualityMargin;
  readonly #price = new CarriedPrice();
  readonly #predicted = new RecentMean();
  readonly #realised = new RecentMean();
  #alpha: number | undefined;
  #nextSample = 1;

  constructor(options: AlphaOptions) {
    this.#options = options;
    this.#alpha = options.alpha;
    this.#margin = new QualityMargin(options.margin, options.marginClip);
  }

  get state(): PriceState {
    const aim = this.#aim;
    const predictedMiss = this.#price.isAtCeiling && this.#predicted.isBelow((aim ?? 0) - MISS);
    const realisedMiss =
      (this.#price.isAtCeiling || this.#margin.isExhausted) &&
      this.#realised.isBelow((this.#alpha ?? 0) - REALISED_MISS);
    return {
      lambda: this.#price.value,
      alpha: this.#alpha,
      aim,
      infeasible: predictedMiss || realisedMiss,
    };
  }

  wantsSample(seen: number): boolean {
    return seen >= this.#nextSample && this.#nextSample <= ENOUGH;
  }

  begin(sample: Sample, seen: number): void {
    this.#nextSample = 2 * seen;
    const { n, m, quality, costUsd } = sample;
    if (this.#options.alpha === undefined) this.#alpha = meanOf(quality) + ABOVE_MEAN;
    const solution: AssignmentSolution = solveAssignment({
      n,
      m,
      quality,
      cost: costUsd,
      caps: new Float64Array(m).fill(Infinity),
      alpha: this.#aim ?? 0,
    });
    this.#price.start(solution.lambda);
  }

  observe(spread: Spread): void {
    this.#price.observe(spread);
  }

  placed({ calls, quality }: Placed): void {
    const aim = this.#aim;
    if (aim === undefined || calls === 0) return;
    this.#price.move((ETA / 64) * (calls * aim - quality));
    this.#predicted.add(quality / calls, calls);
  }

  spentMore(): void {}

  judged(quality: number): void {
    if (this.#alpha === undefined) return;
    const before = this.#margin.value;
    this.#margin.judged(quality, this.#alpha);
    // A new aim moves the price at once, not only when calls have missed it.
    this.#price.move(ETA * (this.#margin.value - before));
    this.#realised.add(quality, 1);
  }

  get #aim(): number | undefined {
    return this.#alpha === undefined ? undefined : Math.min(1, Math.max(0, this.#alpha + this.#margin.value));
  }
}

/** Exponential mean over about the last 256 values. */
class RecentMean {
  #count = 0;
  #mean = 0;

  add(value: number, weight: number): void {
    this.#count += weight;
    this.#mean += Math.min(1, weight / Math.min(this.#count, WINDOW)) * (value - this.#mean);
  }

  isBelow(limit: number): boolean {
    return this.#count >= WINDOW && this.#mean < limit;
  }
}

function meanOf(values: Float64Array): number {
  const known = values.filter(Number.isFinite);
  return known.reduce((sum, value) => sum + value, 0) / Math.max(1, known.length);
}
