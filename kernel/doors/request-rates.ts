import type { Millis } from '../../syscalls/syscall.js';
import type { Clock } from '../clock.js';
import type { KernelLimits } from '../config/limits.js';
import { LOCAL, type Principal } from '../process/principal.js';
import { TokenBucket } from '../token-bucket.js';

/** Entries of a listing that count as one request. */
const ROWS_OF_REQUEST = 10;

/** The requests of one connection; they count for its token too. */
export interface RequestRate {
  /** @returns 0 when a request may come in, else the milliseconds until one may */
  take(): Millis;
  /** A reply lists so many entries: a long one counts as several requests. */
  listed(rows: number): void;
}

/**
 * How many requests come in, of each connection and of all connections of a token, so that a limit does not multiply with sockets.
 * Where the kernel has no tokens everybody is the same one: there a bucket for all would let one agent silence the others.
 */
export class RequestRates {
  readonly #clock: Clock;
  readonly #limits: () => KernelLimits;
  /** By the name of the token. */
  readonly #tokens = new Map<string, TokenBucket>();

  constructor(clock: Clock, limits: () => KernelLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** Of a new connection. */
  of(principal: Principal): RequestRate {
    const own = new TokenBucket();
    const all = principal === LOCAL ? undefined : this.#bucketOf(principal.name);
    return {
      take: () => {
        const now = this.#clock.now();
        const { requestsPerSecond, tokenRequestsPerSecond } = this.#limits();
        const waitMs = own.take(now, requestsPerSecond);
        return waitMs > 0 || all === undefined
          ? waitMs
          : all.take(now, Math.max(requestsPerSecond, tokenRequestsPerSecond));
      },
      listed: (rows) => {
        const requests = Math.floor(rows / ROWS_OF_REQUEST);
        own.charge(requests);
        all?.charge(requests);
      },
    };
  }

  #bucketOf(owner: string): TokenBucket {
    const known = this.#tokens.get(owner);
    if (known !== undefined) return known;
    const made = new TokenBucket();
    this.#tokens.set(owner, made);
    return made;
  }
}
