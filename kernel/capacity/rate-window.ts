import type { Millis } from '../../syscalls/syscall.js';

const MINUTE_MS = 60_000;
/** A request may reach its provider so much later than another, or be counted there so much later than its end is seen here. */
const JITTER_MS = 1000;
/** For how long something counts: the minute that holds is the provider's, measured where the requests arrive. */
export const WINDOW_MS = MINUTE_MS + JITTER_MS;

/** Tokens of a request that has ended. */
interface Ended {
  readonly at: Millis;
  readonly tokens: number;
}

export interface RateLimits {
  /** @default no limit */
  readonly requestsPerMinute?: number | undefined;
  /** @default no limit */
  readonly tokensPerMinute?: number | undefined;
}

/**
 * Requests and tokens of the last minute: never more than the limits in any minute of the provider, however it is cut. A request counts from
 * its start. Its tokens count from its start until a minute after its end, because providers count some of them when it
 * comes and some as they are written: until it has ended as many as were expected, then as many as there were.
 * A call larger than the token limit fits when nothing else counts, since it would never fit otherwise.
 */
export class RateWindow {
  #limits: RateLimits;
  /** When the requests of the last minute have started. */
  readonly #starts: Millis[] = [];
  /** In the order of their ends. */
  readonly #ended: Ended[] = [];
  #open = 0;
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
    return Math.max(0, (this.#limits.requestsPerMinute ?? Number.POSITIVE_INFINITY) - this.#starts.length);
  }

  /** What is left of the limits in this minute; a member for each limit. */
  left(now: Millis): { readonly requests?: number; readonly tokens?: number } {
    this.#forget(now);
    const { requestsPerMinute, tokensPerMinute } = this.#limits;
    const requests = requestsPerMinute === undefined ? {} : { requests: this.requestsLeft(now) };
    const tokens = tokensPerMinute === undefined ? {} : { tokens: Math.max(0, tokensPerMinute - this.#tokens) };
    return { ...requests, ...tokens };
  }

  /** The first moment from `now` on at which a request of so many tokens may start, if no request that runs ends before. */
  opensAt(now: Millis, tokens: number): Millis {
    this.#forget(now);
    return Math.max(this.#requestsOpenAt(now), this.#tokensOpenAt(now, tokens));
  }

  #requestsOpenAt(now: Millis): Millis {
    const { requestsPerMinute = Number.POSITIVE_INFINITY } = this.#limits;
    const over = this.#starts.length - requestsPerMinute;
    return over < 0 ? now : (this.#starts[over] as Millis) + WINDOW_MS;
  }

  #tokensOpenAt(now: Millis, tokens: number): Millis {
    const { tokensPerMinute = Number.POSITIVE_INFINITY } = this.#limits;
    let used = this.#tokens;
    let opens = now;
    for (const entry of this.#ended) {
      if (used + tokens <= tokensPerMinute) return opens;
      used -= entry.tokens;
      opens = entry.at + WINDOW_MS;
    }
    // What is left is of requests that run: when they end, they may give something back.
    return this.#open === 0 || used + tokens <= tokensPerMinute ? opens : now + WINDOW_MS;
  }

  /** Counts a request that starts now. @returns takes what it has really used, when it has ended */
  take(now: Millis, tokens: number): (used: number, at: Millis) => void {
    if (this.#limits.requestsPerMinute === undefined && this.#limits.tokensPerMinute === undefined) return ignore;
    this.#starts.push(now);
    this.#open++;
    this.#tokens += tokens;
    return (used, at) => {
      this.#open--;
      this.#tokens += used - tokens;
      if (used > 0) this.#ended.push({ at, tokens: used });
    };
  }

  #forget(now: Millis): void {
    const before = now - WINDOW_MS;
    while (this.#starts[0] !== undefined && this.#starts[0] <= before) this.#starts.shift();
    while (this.#ended[0] !== undefined && this.#ended[0].at <= before) {
      this.#tokens -= this.#ended.shift()?.tokens ?? 0;
    }
  }
}

function ignore(): void {}
