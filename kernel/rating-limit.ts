import { LRUCache } from 'lru-cache';
import { partyOf } from '../schedulers/party.js';
import { SyscallError } from '../syscalls/errors.js';
import type { Millis } from '../syscalls/syscall.js';
import { TokenBucket } from './token-bucket.js';

/** Parties whose allowance is remembered; the one that rated longest ago begins anew. */
const MOST_PARTIES = 4096;
/** Seconds whose ratings may come at once. */
const BURST_S = 10;

/** Bounds the ratings a second of each party: of a tenant, or of a token that may name tenants with all of these. */
export class RatingLimit {
  readonly #perSecond: () => number;
  readonly #buckets = new LRUCache<string, TokenBucket>({ max: MOST_PARTIES });

  /** @param perSecond asked each time, since a reload may change it */
  constructor(perSecond: () => number) {
    this.#perSecond = perSecond;
  }

  /** @throws SyscallError `rate-limited`, with the time after which there is room for one more */
  take(tenant: string, now: Millis): void {
    const party = partyOf(tenant);
    const bucket = this.#buckets.get(party) ?? new TokenBucket();
    this.#buckets.set(party, bucket);
    const perSecond = this.#perSecond();
    const retryAfterMs = bucket.take(now, perSecond, BURST_S * perSecond);
    if (retryAfterMs === 0) return;
    const message = `ratingsPerSecond: expected at most ${perSecond} ratings a second of ${party}, over a burst of ${BURST_S * perSecond}`;
    throw new SyscallError('rate-limited', message, { retryAfterMs });
  }
}
