import { addUp, NOTHING_SPENT, type Spent } from '../spent.js';

/** What one call costs: the requests of all of its attempts. */
export class CostsOfCall {
  /** Of attempts that have failed. */
  #lost = NOTHING_SPENT;
  /** Of the requests of this attempt that are closed. */
  #billed = NOTHING_SPENT;
  /** Of the request that is open now; set while one is. */
  #meter: (() => Spent) | undefined;

  /** A request starts. @param meter what it has cost so far */
  open(meter: () => Spent): void {
    this.#meter = meter;
  }

  /** The request is closed. */
  close(billed: Spent): void {
    this.#meter = undefined;
    this.#billed = addUp(this.#billed, billed);
  }

  /** The attempt has failed. */
  lose(): void {
    this.#lost = addUp(this.#lost, this.#billed);
    this.#billed = NOTHING_SPENT;
  }

  /** Answered or not, attempts that failed included. */
  get all(): Spent {
    return addUp(this.#lost, this.#meter === undefined ? this.#billed : addUp(this.#billed, this.#meter()));
  }

  /** Of this attempt. */
  get ofAttempt(): Spent {
    return this.#billed;
  }
}
