import type { Millis } from '../../syscalls/syscall.js';

const SECONDS = 10;

/** How often calls start: counted for each of the last ten seconds. */
export class StartRate {
  readonly #counts = new Array<number>(SECONDS).fill(0);
  /** The last second that something started in, in seconds of the clock. */
  #second = 0;

  started(at: Millis): void {
    this.#forget(at);
    const place = this.#second % SECONDS;
    this.#counts[place] = (this.#counts[place] ?? 0) + 1;
  }

  /** Milliseconds until so many calls have started, if they start as often as of late; undefined: none has started of late. */
  timeFor(calls: number, now: Millis): Millis | undefined {
    this.#forget(now);
    let starts = 0;
    let since = this.#second;
    for (let second = this.#second; second > this.#second - SECONDS; second--) {
      const count = this.#counts[(second + SECONDS) % SECONDS] ?? 0;
      starts += count;
      if (count > 0) since = second;
    }
    // A burst in a second that has just begun is no rate yet.
    return starts === 0 ? undefined : (calls * Math.max(1000, now - since * 1000)) / starts;
  }

  #forget(now: Millis): void {
    const second = Math.floor(now / 1000);
    for (let past = Math.max(this.#second, second - SECONDS) + 1; past <= second; past++) {
      this.#counts[past % SECONDS] = 0;
    }
    this.#second = Math.max(this.#second, second);
  }
}
