import { priceAssignment } from '../assign/priced-assignment.js';
import type { AlphaLearnt } from './eccos-learnt.js';
import type { Placed, PriceControl, PriceState, Rated } from './price-control.js';
import { CarriedPrice, QualityMargin, type Sample, type Spread, UsualEase } from './price-signals.js';

/** Calls whose predictions the first price rests on; until then it is found again at each doubling. */
const ENOUGH = 64;
/**
 * Step of the log price for 64 calls that are worse than aimed at by 1: that which makes up for it in the next 64, by how quality
 * answers to the price, within bounds. Where cores cost a hundred times as much as others, quality moves little with it, and
 * a fixed step of 8 took 1,500 calls to follow a load that doubled.
 */
const STEP = { least: 4, most: 16 } as const;
/**
 * Above round-robin's mean predicted quality, where no alpha is given; and further above where nothing is known of the calls'
 * tasks: on a source that the nets had not seen, .02 ended 3 points below what round-robin really reached.
 */
const ABOVE_MEAN = { known: 0.02, unknown: 0.07 } as const;
/** Without an alpha it is set again at each doubling of the rated answers, from the first number to the last. */
const RATED = { first: 64, last: 1024 } as const;
/** Answers over which means are taken to say that alpha is out of reach. */
const WINDOW = { predicted: 256, rated: 1000 } as const;
/** A mean so far below alpha is a miss. */
const MISS = 0.02;

export interface AlphaOptions {
  /** Mean quality to reach. @default the mean predicted quality over cores, + .02 or more, until 1,024 answers are rated */
  readonly alpha?: number | undefined;
  /** By how much predicted quality aims above alpha before anything is rated. */
  readonly margin: number;
  readonly marginClip: readonly [low: number, high: number];
  /** By how much the predictions of others are too high, where they agree. @default `margin` */
  readonly usualBias?: () => number;
}

/**
 * Keeps the mean quality of a tenant's calls at alpha: the price of quality rises while the calls that are placed are predicted to be worse than
 * alpha + margin, for calls as easy as they are, and falls while they are better; the margin makes up for what was missed.
 */
export class AlphaControl implements PriceControl {
  readonly #options: AlphaOptions;
  readonly #margin: QualityMargin;
  readonly #price = new CarriedPrice();
  readonly #predicted = new RecentMean(WINDOW.predicted);
  readonly #rated = new RecentMean(WINDOW.rated);
  #alpha: number | undefined;
  readonly #ease = new UsualEase();
  #nextSample = 1;
  #calls = 0;
  #ratings = 0;
  #nextAlpha: number = RATED.first;
  #step: number = STEP.least;

  constructor(options: AlphaOptions) {
    this.#options = options;
    this.#alpha = options.alpha;
    this.#margin = new QualityMargin(options.margin, options.marginClip, options.usualBias);
  }

  get learnt(): AlphaLearnt {
    return {
      price: this.#price.learnt,
      margin: this.#margin.learnt,
      ease: this.#ease.learnt,
      predicted: this.#predicted.learnt,
      rated: this.#rated.learnt,
      ...(this.#options.alpha === undefined && this.#alpha !== undefined && { alpha: this.#alpha }),
      calls: this.#calls,
      ratings: this.#ratings,
      nextSample: this.#nextSample,
      nextAlpha: this.#nextAlpha,
      step: this.#step,
    };
  }

  /** An alpha that is given stays. */
  restore({ price, margin, ease, predicted, rated, alpha, ...counts }: AlphaLearnt): void {
    this.#price.restore(price);
    this.#margin.restore(margin);
    this.#ease.restore(ease);
    this.#predicted.restore(predicted);
    this.#rated.restore(rated);
    this.#alpha = this.#options.alpha ?? alpha;
    this.#calls = counts.calls;
    this.#ratings = counts.ratings;
    this.#nextSample = counts.nextSample;
    this.#nextAlpha = counts.nextAlpha;
    this.#step = counts.step;
  }

  /** Calls placed so far. */
  get calls(): number {
    return this.#calls;
  }

  /** Answers rated so far. */
  get ratings(): number {
    return this.#ratings;
  }

  /** By how much predictions are too high, by its own ratings alone. */
  get ownBias(): number {
    return this.#margin.ownBias;
  }

  get state(): PriceState {
    const infeasible = this.#isOutOfReach(this.#alpha ?? 0);
    return { lambda: this.#price.value, unit: this.#price.unit, alpha: this.#alpha, aim: this.#aim, infeasible };
  }

  begin(sampleOf: () => Sample, seen: number): void {
    // What was learnt by another kernel says how many were rated, but not what traffic looks like here.
    if (this.#ratings >= this.#nextAlpha && this.#nextAlpha <= RATED.last && seen >= ENOUGH) {
      this.#nextAlpha = 2 * this.#ratings;
      this.#setAlpha(sampleOf());
    }
    if (seen < this.#nextSample || this.#nextSample > ENOUGH) return;
    this.#nextSample = 2 * seen;
    const sample = sampleOf();
    const { n, m, quality, costUsd } = sample;
    this.#setAlpha(sample);
    const caps = new Float64Array(m).fill(Infinity);
    const alpha = (this.#aim ?? 0) - UsualEase.of(sample).doubt;
    this.#price.start(priceAssignment({ n, m, quality, cost: costUsd, caps, alpha }).priced.lambda);
  }

  responds(qualityPerLog: number): void {
    this.#step = Math.max(STEP.least, Math.min(STEP.most, 1 / qualityPerLog));
  }

  observe(spread: Spread): void {
    this.#price.observe(spread);
  }

  placed({ calls, quality, priced }: Placed): void {
    const aim = this.#aim;
    if (aim === undefined || calls === 0) return;
    this.#calls += calls;
    for (const one of priced.ease) this.#ease.add(one);
    const usual = this.#ease.mean + this.#ease.doubt;
    const easier = priced.ease.reduce((sum, one) => sum + one - usual, 0);
    // A price that rose for calls on which it has no influence would be too high once slots are free again.
    this.#price.move((this.#step / 64) * (priced.calls * aim + easier - priced.quality));
    this.#margin.placed(calls, quality, this.#alpha as number);
    this.#predicted.add(quality / calls, calls);
  }

  rated(rated: Rated): void {
    if (this.#alpha === undefined) return;
    const before = this.#margin.value;
    this.#margin.rated(rated);
    // A new aim moves the price at once, not only when calls have missed it.
    this.#price.move(this.#step * (this.#margin.value - before));
    this.#rated.add(rated.quality, 1);
    this.#ratings++;
  }

  #setAlpha({ quality, unknown }: Sample): void {
    if (this.#options.alpha !== undefined) return;
    const above = ABOVE_MEAN.known + unknown * (ABOVE_MEAN.unknown - ABOVE_MEAN.known);
    this.#alpha = Math.min(1, meanOf(quality) + above);
  }

  get #aim(): number | undefined {
    return this.#alpha === undefined ? undefined : Math.min(1, Math.max(0, this.#alpha + this.#margin.value));
  }

  /** All that can be done is done, and it is not enough: by rated answers where there are some, else by predictions. */
  #isOutOfReach(alpha: number): boolean {
    const mean = this.#rated.mean ?? this.#predicted.mean;
    return (this.#price.isAtCeiling || this.#margin.isExhausted) && mean !== undefined && mean < alpha - MISS;
  }
}

/** Mean over the last values, exponentially; undefined until there are enough. */
class RecentMean {
  readonly #window: number;
  #count = 0;
  #mean = 0;

  constructor(window: number) {
    this.#window = window;
  }

  get learnt(): AlphaLearnt['rated'] {
    return [this.#count, this.#mean];
  }

  restore(learnt: AlphaLearnt['rated']): void {
    [this.#count, this.#mean] = learnt;
  }

  get mean(): number | undefined {
    return this.#count < this.#window ? undefined : this.#mean;
  }

  add(value: number, weight: number): void {
    this.#count = Math.min(this.#window, this.#count + weight);
    this.#mean += Math.min(1, weight / this.#count) * (value - this.#mean);
  }
}

function meanOf(values: Float64Array): number {
  const known = values.filter(Number.isFinite);
  return known.reduce((sum, value) => sum + value, 0) / Math.max(1, known.length);
}
