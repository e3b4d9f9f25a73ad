import type { Millis } from '../../../../syscalls/syscall.js';

/** Shorter waits count as none. */
export const AT_ONCE_MS: Millis = 1;
export const BINS_PER_DECADE = 6;
/** From 1 ms to 10^7 ms, nearly three hours; longer waits are in the last bin. */
const DECADES = 7;

/** Counts of waiting times, in bins of equal width on a logarithmic axis. */
export interface WaitCounts {
  readonly atOnce: number;
  /** Bin `i` begins at `AT_ONCE_MS` x 10^(i / BINS_PER_DECADE). */
  readonly bins: readonly number[];
  readonly total: number;
}

/** Collects waiting times in bounded memory. */
export class WaitHistogram {
  #atOnce = 0;
  readonly #bins = new Array<number>(DECADES * BINS_PER_DECADE).fill(0);

  add(waitMs: Millis): void {
    if (waitMs < AT_ONCE_MS) this.#atOnce++;
    else {
      const bin = Math.min(this.#bins.length - 1, Math.floor(BINS_PER_DECADE * Math.log10(waitMs / AT_ONCE_MS)));
      this.#bins[bin] = (this.#bins[bin] as number) + 1;
    }
  }

  get counts(): WaitCounts {
    const bins = [...this.#bins];
    return { atOnce: this.#atOnce, bins, total: this.#atOnce + bins.reduce((sum, count) => sum + count, 0) };
  }
}
