import { priceAssignment } from '../assign/priced-assignment.js';
import type { Placed, PriceControl, PriceState } from './price-control.js';
import { CarriedPrice, QualityMargin, type Sample, type Spread, UsualEase } from './price-signals.js';

/** Calls whose predictions the first price rests on; until then it is found again at each doubling. */
const ENOUGH = 64;
/**
 * Step of the log price for 64 calls that are worse than aimed at by 1. In simulation 8 keeps up with a moving margin,
 * while at .5 the price needs thousands of calls to move.
 */
const ETA = 8;
/**
 * Calls over which is made up for what others were predicted to be worse or better than aimed at, and most that is made
 * up for, as mean quality: a target that was out of reach is not owed forever.
 */
const REPAY = { calls: 1024, most: 0.03 } as const;
/** Above round-robin's mean predicted quality, where no alpha is given. */
const ABOVE_MEAN = 0.02;
/** Answers over which means are taken to say that alpha is out of reach. */
const WINDOW = { predicted: 256, rated: 1000 } as const;
/** A mean so far below alpha is a miss. */
const MISS = 0.02;

export interface AlphaOptions {
  /** Mean quality to reach. @default the mean predicted quality over cores of the first 64 calls, + .02 */
  readonly alpha?: number | undefined;
  /** By how much predicted quality aims above alpha before anything is rated. */
  readonly margin: number;
  readonly marginClip: readonly [low: number, high: number];
}

/**
 * Keeps mean quality at alpha: the price of quality rises while the calls that are placed are predicted to be worse than
 * alpha + margin, for calls as easy as they are, and falls while they are better; the margin follows the ratings of answers.
 */
export class AlphaControl implements PriceControl {
  readonly #options: AlphaOptions;
  readonly #margin: QualityMargin;
  readonly #price = new CarriedPrice();
  readonly #predicted = new RecentMean(WINDOW.predicted);
  readonly #rated = new RecentMean(WINDOW.rated);
  #alpha: number | undefined;
  readonly #ease = new UsualEase();
  readonly #unrated = new UnratedShare();
  #nextSample = 1;
  /** Sum over calls of what was aimed at less what was predicted. The margin makes up for those that are rated. */
  #owed = 0;

  constructor(options: AlphaOptions) {
    this.#options = options;
    this.#alpha = options.alpha;
    this.#margin = new QualityMargin(options.margin, options.marginClip);
  }

  get state(): PriceState {
    const infeasible = this.#isOutOfReach(this.#alpha ?? 0);
    return { lambda: this.#price.value, alpha: this.#alpha, aim: this.#aim, infeasible };
  }

  begin(sampleOf: () => Sample, seen: number): void {
    if (seen < this.#nextSample || this.#nextSample > ENOUGH) return;
    this.#nextSample = 2 * seen;
    const sample = sampleOf();
    const { n, m, quality, costUsd } = sample;
    if (this.#options.alpha === undefined) this.#alpha = meanOf(quality) + ABOVE_MEAN;
    const caps = new Float64Array(m).fill(Infinity);
    const alpha = (this.#aim ?? 0) - UsualEase.of(sample).doubt;
    this.#price.start(priceAssignment({ n, m, quality, cost: costUsd, caps, alpha }).priced.lambda);
  }

  observe(spread: Spread): void {
    this.#price.observe(spread);
  }

  placed({ calls, quality, ease }: Placed): void {
    const aim = this.#aim;
    if (aim === undefined || calls === 0) return;
    for (const one of ease) this.#ease.add(one);
    const usual = this.#ease.mean + this.#ease.doubt;
    const easier = ease.reduce((sum, one) => sum + one - usual, 0);
    const repaid = (this.#unrated.share * calls * this.#owed) / REPAY.calls;
    this.#unrated.placed(calls);
    this.#price.move((ETA / 64) * (calls * aim + easier + repaid - quality));
    const most = REPAY.most * REPAY.calls;
    this.#owed = Math.max(-most, Math.min(most, this.#owed + calls * aim - quality));
    this.#predicted.add(quality / calls, calls);
  }

  rated(quality: number, predicted: number): void {
    if (this.#alpha === undefined) return;
    const before = this.#margin.value;
    this.#margin.rated(quality, this.#alpha, predicted);
    // A new aim moves the price at once, not only when calls have missed it.
    this.#price.move(ETA * (this.#margin.value - before));
    this.#rated.add(quality, 1);
    this.#unrated.rated();
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

  get mean(): number | undefined {
    return this.#count < this.#window ? undefined : this.#mean;
  }

  add(value: number, weight: number): void {
    this.#count = Math.min(this.#window, this.#count + weight);
    this.#mean += Math.min(1, weight / this.#count) * (value - this.#mean);
  }
}

/** Share of the last calls that are not rated, 0 to 1. */
class UnratedShare {
  #placed = 0;
  #rated = 0;

  get share(): number {
    return this.#placed === 0 ? 1 : Math.max(0, 1 - this.#rated / this.#placed);
  }

  placed(calls: number): void {
    this.#placed += calls;
    if (this.#placed < 2 * WINDOW.rated) return;
    this.#placed /= 2;
    this.#rated /= 2;
  }

  rated(): void {
    this.#rated++;
  }
}

function meanOf(values: Float64Array): number {
  const known = values.filter(Number.isFinite);
  return known.reduce((sum, value) => sum + value, 0) / Math.max(1, known.length);
}
