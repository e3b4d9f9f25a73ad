import type { Millis } from '../syscalls/syscall.js';

/** Share of a token that rounding may lose. */
const EPSILON = 1e-9;

/** Lets so many requests a second through, over a burst. */
export class TokenBucket {
  #tokens = Number.POSITIVE_INFINITY;
  #filledAt: Millis = 0;

  /**
   * Takes one token if there is one.
   *
   * @param rate tokens a second
   * @param most that are saved up; at least one is @default those of a second
   * @returns 0 when it was taken, else the milliseconds until there is one
   */
  take(now: Millis, rate: number, most = rate): Millis {
    const grown = this.#tokens + ((now - this.#filledAt) * rate) / 1000;
    this.#tokens = Math.min(grown, Math.max(1, most));
    this.#filledAt = now;
    const missing = 1 - this.#tokens - EPSILON;
    if (missing > 0) return Math.ceil((missing * 1000) / rate);
    this.#tokens--;
    return 0;
  }

  /** Takes tokens for what cost more than was known: they may be more than there are. */
  charge(tokens: number): void {
    this.#tokens -= tokens;
  }
}
