import type { Millis } from '../../syscalls/syscall.js';
import type { Clock } from '../clock.js';

/** The time slice of one run: when it is over and someone else wants the core, the run is aborted, but never before it got a token. */
export class TimeSlice {
  readonly #clock: Clock;
  readonly #ms: Millis;
  readonly #contended: () => boolean;
  readonly #controller: AbortController;
  #cancelTimer: () => void;
  #over = false;
  #progressed = false;
  #expired = false;
  #stopped = false;

  constructor(clock: Clock, ms: Millis, contended: () => boolean, controller: AbortController) {
    this.#clock = clock;
    this.#ms = ms;
    this.#contended = contended;
    this.#controller = controller;
    this.#cancelTimer = this.#arm();
  }

  get expired(): boolean {
    return this.#expired;
  }

  progress(): void {
    this.#progressed = true;
    if (this.#over) this.#check();
  }

  /** From now on the run is not aborted. */
  stop(): void {
    this.#cancelTimer();
    this.#stopped = true;
  }

  #arm(): () => void {
    return this.#clock.after(this.#ms, () => {
      this.#over = true;
      if (this.#progressed) this.#check();
    });
  }

  #check(): void {
    if (this.#stopped || this.#controller.signal.aborted) return;
    if (this.#contended()) {
      this.#expired = true;
      this.#controller.abort();
      return;
    }
    this.#over = false;
    this.#cancelTimer = this.#arm();
  }
}
