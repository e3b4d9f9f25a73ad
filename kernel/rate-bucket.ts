import type { Millis } from '../syscalls/syscall.js';

/** A token bucket: so many requests a second, over a burst of as many. */
export class RateBucket {
  #tokens: number;
  #at: Millis;

  constructor(perSecond: number, now: Millis) {
    this.#tokens = Math.max(1, perSecond);
    this.#at = now;
  }

  /** @returns 0 when the request may pass, else the milliseconds until one may */
  take(perSecond: number, now: Millis): Millis {
    this.#tokens = Math.min(Math.max(1, perSecond), this.#tokens + ((now - this.#at) * perSecond) / 1000);
    this.#at = now;
    if (this.#tokens < 1) return Math.ceil(((1 - this.#tokens) * 1000) / perSecond);
    this.#tokens--;
    return 0;
  }
}
