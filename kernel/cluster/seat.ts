import { SyscallError } from '../../syscalls/errors.js';
import type { Millis } from '../../syscalls/syscall.js';
import type { Clock } from '../clock.js';
import type { Logger } from '../log.js';
import { GIVE_UP_SHARE, RENEWALS } from './lease.js';
import type { Store } from './redis-store.js';
import { HOLD_SEAT, LEAVE_SEAT, TAKE_SEAT } from './scripts.js';

interface SeatOptions {
  readonly redis: Store;
  readonly prefix: string;
  /** Unique name of this node. */
  readonly node: string;
  readonly leaseMs: Millis;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * The one place from which calls are scheduled. A node holds it by a lease; when the lease ends, another node takes it, and its epoch
 * fences off what the old holder still writes.
 */
export class Seat {
  readonly #options: SeatOptions;
  readonly #lost = new AbortController();
  #renewedAt: Millis = 0;
  #isHeld = false;
  #isOver = false;
  #wake = () => {};
  #cancelTimer = () => {};

  constructor(options: SeatOptions) {
    this.#options = options;
  }

  /** Aborts when the seat is lost: this node must end. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** The seat may be free: it is tried at once. */
  hurry(): void {
    this.#wake();
  }

  /** Waits until this node holds the seat. @returns the epoch, 1 or more @throws SyscallError `draining` when the node leaves before */
  async take(): Promise<number> {
    const { redis, prefix, node, leaseMs, clock, log } = this.#options;
    let isWaiting = false;
    for (;;) {
      const askedAt = clock.now();
      const epoch = Number(await redis.eval(TAKE_SEAT, 1, prefix, node, leaseMs).catch(() => 0));
      if (epoch > 0) {
        this.#isHeld = true;
        this.#renewedAt = askedAt;
        this.#renewLater();
        log.info({ node, epoch }, 'this node holds the seat');
        return epoch;
      }
      if (!isWaiting) log.info({ node }, 'standby: another node holds the seat');
      isWaiting = true;
      await new Promise<void>((resolve) => {
        this.#cancelTimer = clock.after(leaseMs / RENEWALS, resolve);
        this.#wake = resolve;
      });
      this.#cancelTimer();
      if (this.#isOver) throw new SyscallError('draining', 'This node leaves before it held the seat');
    }
  }

  /** Another node may take the seat at once. Idempotent. */
  async leave(): Promise<void> {
    const { redis, prefix, node } = this.#options;
    this.#cancelTimer();
    this.#isOver = true;
    this.#wake();
    this.#isHeld = false;
    await redis.eval(LEAVE_SEAT, 1, prefix, node).catch(() => {});
  }

  #renewLater(): void {
    const { clock, leaseMs } = this.#options;
    this.#cancelTimer = clock.after(leaseMs / RENEWALS, () => void this.#renew());
  }

  async #renew(): Promise<void> {
    const { redis, prefix, node, leaseMs, clock, log } = this.#options;
    const askedAt = clock.now();
    // A request that is not answered in time is no renewal.
    const late = clock.after(Math.max(0, this.#renewedAt + GIVE_UP_SHARE * leaseMs - askedAt), () => this.#lose());
    const held = await redis.eval(HOLD_SEAT, 1, prefix, node, leaseMs).then(Number, () => undefined);
    late();
    if (!this.#isHeld) return;
    if (held === 1) this.#renewedAt = askedAt;
    else if (held === 0 || clock.now() >= this.#renewedAt + GIVE_UP_SHARE * leaseMs) return this.#lose();
    else log.warn({ node }, 'the seat could not be renewed');
    this.#renewLater();
  }

  #lose(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.#cancelTimer();
    const { log, node } = this.#options;
    log.error({ node }, 'this node has lost the seat');
    this.#lost.abort();
  }
}
