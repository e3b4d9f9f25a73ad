import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';

/** How the process does, measured while anybody watches. */
export class ProcessFigures {
  #delays: IntervalHistogram | undefined;

  start(): void {
    if (this.#delays !== undefined) return;
    this.#delays = monitorEventLoopDelay({ resolution: 10 });
    this.#delays.enable();
  }

  stop(): void {
    this.#delays?.disable();
    this.#delays = undefined;
  }

  read(): { readonly rssBytes: number; readonly loopP99Ms: number } {
    const { rss: rssBytes } = process.memoryUsage();
    const nanoseconds = this.#delays?.percentile(99) ?? 0;
    this.#delays?.reset();
    return { rssBytes, loopP99Ms: Math.round(nanoseconds / 1e5) / 10 };
  }
}
