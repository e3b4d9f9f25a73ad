import type { Millis } from '../../syscalls/syscall.js';

const WINDOW_MS = 60_000;

interface Entry {
  readonly at: Millis;
  /** Reserved at the start, corrected at the end. */
  tokens: number;
}

export interface RateLimits {
  /** @default no limit */
  readonly requestsPerMinute?: number | undefined;
  /** @default no limit */
  readonly tokensPerMinute?: number | undefined;
}

/**
 * Requests and tokens of the last 60 seconds: never more than the limits in any minute, however a minute is cut.
 * A call larger than the token limit fits when the window is empty, since it would never fit otherwise.
 */
export class RateWindow {
  #limits: RateLimits;
  readonly #entries: Entry[] = [];
  #tokens = 0;

  constructor(limits: RateLimits) {
    this.#limits = limits;
  }

  set limits(limits: RateLimits) {
    this.#limits = limits;
  }

  /** Requests that may start now, as far as their number goes. */
  requestsLeft(now: Millis): number {
    this.#forget(now);
    return Math.max(0, (this.#limits.requestsPerMinute ?? Number.POSITIVE_INFINITY) - this.#entries.length);
  }

  /** What is left of the limits in this minute; a member for each limit. */
  left(now: Millis): { readonly requests?: number; readonly tokens?: number } {
    this.#forget(now);
    const { requestsPerMinute, tokensPerMinute } = this.#limits;
    const requests = requestsPerMinute === undefined ? {} : { requests: this.requestsLeft(now) };
    const tokens = tokensPerMinute === undefined ? {} : { tokens: Math.max(0, tokensPerMinute - this.#tokens) };
    return { ...requests, ...tokens };
  }

  /** The first moment from `now` on at which a request of so many tokens may start. */
  opensAt(now: Millis, tokens: number): Millis {
    this.#forget(now);
    const { requestsPerMinute = Number.POSITIVE_INFINITY, tokensPerMinute = Number.POSITIVE_INFINITY } = this.#limits;
    let requests = this.#entries.length;
    let used = this.#tokens;
    let opens = now;
    for (const entry of this.#entries) {
      if (requests < requestsPerMinute && used + tokens <= tokensPerMinute) break;
      requests--;
      used -= entry.tokens;
      opens = entry.at + WINDOW_MS;
    }
    return opens;
  }

  /** Counts a request that starts now. @returns corrects what it really used */
  take(now: Millis, tokens: number): (used: number) => void {
    if (this.#limits.requestsPerMinute === undefined && this.#limits.tokensPerMinute === undefined) return ignore;
    const entry = { at: now, tokens };
    this.#entries.push(entry);
    this.#tokens += tokens;
    return (used) => {
      if (this.#entries.includes(entry)) this.#tokens += used - entry.tokens;
      entry.tokens = used;
    };
  }

  #forget(now: Millis): void {
    while (this.#entries[0] !== undefined && this.#entries[0].at + WINDOW_MS <= now) {
      this.#tokens -= this.#entries.shift()?.tokens ?? 0;
    }
  }
}

function ignore(): void {}
