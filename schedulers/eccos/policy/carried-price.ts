/** Bounds of the price, in units. */
const FLOOR = 1e-3;
const CEILING = 30;
/** Least range of quality that counts: below, cores are as good as equal. */
const LEAST_RANGE = 0.01;
/** Memory of the unit, in calls. */
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
