import type { Sample } from './price-control.js';

/** Memory of the mean, in calls. */
const MEMORY = 512;
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
