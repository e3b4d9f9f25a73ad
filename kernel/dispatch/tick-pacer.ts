import type { Millis } from '../../syscalls/syscall.js';
import type { Clock } from '../clock.js';

/** So many new calls are worth a decision of their own. */
const BATCH = 64;

/** Says when the policy is to decide: as soon as it may once something has happened, and not before `tickMs` are over. */
export class TickPacer {
  readonly #clock: Clock;
  readonly #tickMs: Millis;
  readonly #tick: () => void;
  #decidedAt: Millis = Number.NEGATIVE_INFINITY;
  /** Calls that have become pending since. */
  #fresh = 0;
  #cancelLater: (() => void) | undefined;

  /** @param tickMs least time between two decisions, unless 64 calls are new */
  constructor(clock: Clock, tickMs: Millis, tick: () => void) {
    this.#clock = clock;
    this.#tickMs = tickMs;
    this.#tick = tick;
  }

  /** Calls have become pending. */
  arrived(count: number): void {
    this.#fresh += count;
  }

  /** The policy has decided. */
  decided(): void {
    this.#decidedAt = this.#clock.now();
    this.#fresh = 0;
  }

  /** Something has happened: ticks now or later. */
  happened(): void {
    const wait = this.#fresh >= BATCH ? 0 : this.#decidedAt + this.#tickMs - this.#clock.now();
    if (wait > 0) {
      this.#cancelLater ??= this.#clock.after(wait, () => {
        this.#cancelLater = undefined;
        this.happened();
      });
      return;
    }
    this.#cancelLater?.();
    this.#cancelLater = undefined;
    this.#tick();
  }
}
