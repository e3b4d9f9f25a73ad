import type { Millis } from '../../../syscalls/syscall.js';
import type { Clock } from '../../clock.js';

interface Limits {
  /** Most milliseconds of silence at first. */
  readonly silenceMs: Millis;
  /** Most milliseconds in all, however much is heard. */
  readonly totalMs: Millis;
}

/** Goes off once when nothing was heard for too long, or all of it takes too long. Hearing is cheap: the one timer is not moved, but looks again. */
export class Watchdog {
  readonly #clock: Clock;
  readonly #onLate: (why: 'silent' | 'slow', limitMs: Millis) => void;
  readonly #totalMs: Millis;
  readonly #startedAt: Millis;
  #limitMs: Millis;
  #heardAt: Millis;
  #cancelTimer: () => void;

  constructor(clock: Clock, { silenceMs, totalMs }: Limits, onLate: (why: 'silent' | 'slow', limitMs: Millis) => void) {
    this.#clock = clock;
    this.#onLate = onLate;
    this.#limitMs = silenceMs;
    this.#totalMs = totalMs;
    this.#startedAt = clock.now();
    this.#heardAt = this.#startedAt;
    this.#cancelTimer = this.#lookAgain(this.#startedAt);
  }

  /** @param limitMs how long it may be silent from now on */
  heard(limitMs: Millis): void {
    this.#heardAt = this.#clock.now();
    if (limitMs === this.#limitMs) return;
    this.#limitMs = limitMs;
    this.#cancelTimer();
    this.#cancelTimer = this.#lookAgain(this.#heardAt);
  }

  stop(): void {
    this.#cancelTimer();
  }

  #lookAgain(now: Millis): () => void {
    const at = Math.min(this.#heardAt + this.#limitMs, this.#startedAt + this.#totalMs);
    return this.#clock.after(at - now, () => this.#look());
  }

  #look(): void {
    const now = this.#clock.now();
    // A timer may be early by less than a millisecond.
    if (now - this.#startedAt > this.#totalMs - 1) this.#onLate('slow', this.#totalMs);
    else if (now - this.#heardAt > this.#limitMs - 1) this.#onLate('silent', this.#limitMs);
    else this.#cancelTimer = this.#lookAgain(now);
  }
}
