import { monitorEventLoopDelay } from 'node:perf_hooks';

/** Nearest-rank percentile of values in any order. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

/** `median [min, max]`. */
export function quantiles(values: readonly number[], digits = 1): string {
  const [median, least, most] = [percentile(values, 0.5), Math.min(...values), Math.max(...values)];
  return `${median.toFixed(digits)} [${least.toFixed(digits)}, ${most.toFixed(digits)}]`;
}

/** Longest time for which the event loop was held up while `work` ran, in milliseconds. */
export async function stallsOf(work: () => Promise<void>): Promise<number> {
  const delays = monitorEventLoopDelay({ resolution: 1 });
  delays.enable();
  await work();
  await new Promise((resolve) => setTimeout(resolve, 5));
  delays.disable();
  return delays.max / 1e6;
}
