import type { Millis } from '../../../syscalls/syscall.js';
import type { Clock } from '../../clock.js';

/** Goes off once when nothing was heard for too long. Hearing is cheap: the one timer is not moved, but looks again. */
export class Watchdog {
  readonly #clock: Clock;
  readonly #onSilence: (limitMs: number) => void;
  #limitMs: number;
  #heardAt: Millis;
  #cancelTimer: () => void;

  constructor(clock: Clock, limitMs: number, onSilence: (limitMs: number) => void) {
    this.#clock = clock;
    this.#onSilence = onSilence;
    this.#limitMs = limitMs;
    this.#heardAt = clock.now();
    this.#cancelTimer = clock.after(limitMs, () => this.#look());
  }

  /** @param limitMs how long it may be silent from now on */
  heard(limitMs: number): void {
    this.#heardAt = this.#clock.now();
    if (limitMs === this.#limitMs) return;
    this.#limitMs = limitMs;
    this.#cancelTimer();
    this.#cancelTimer = this.#clock.after(limitMs, () => this.#look());
  }

  stop(): void {
    this.#cancelTimer();
  }

  #look(): void {
    const leftMs = this.#heardAt + this.#limitMs - this.#clock.now();
    // A timer may be early by less than a millisecond.
    if (leftMs < 1) this.#onSilence(this.#limitMs);
    else this.#cancelTimer = this.#clock.after(leftMs, () => this.#look());
  }
}
