import type { CoreId, Millis, SyscallId } from '../../../syscalls/syscall.js';
import { normalCdf } from './service-times.js';

/** Standard deviation of the logarithm of how long an answer takes, given what was predicted of it. */
const SPREAD = 0.6;
/** Below this share of answers that take as long, the formula of the residual life is lost in rounding. */
const LEAST_TAIL = 1e-6;
/** Of a call that should have ended. */
const LEAST_MS: Millis = 1;

interface Run {
  readonly core: CoreId;
  readonly since: Millis;
  readonly expectedMs: Millis;
}

/** What a core runs. */
export interface Release {
  readonly running: number;
  /**
   * Until the first of its calls is likely to end: 1 / sum of (1 / residual life). The first of 12 ends after .06 of a mean answer by this, after .07 in
   * truth, where the least of their residual lives is .6 of it. Infinity: it runs none.
   */
  readonly firstMs: Millis;
}

/** What was started and has not ended, and when each slot is likely to be free again. */
export class RunningCalls {
  readonly #runs = new Map<SyscallId, Run>();

  start(id: SyscallId, run: Run): void {
    this.#runs.set(id, run);
  }

  /** It has ended, or is pending again. */
  end(id: SyscallId): void {
    this.#runs.delete(id);
  }

  /** Calls that each core runs, and the time until the first of them is likely to end. */
  releases(cores: readonly CoreId[], now: Millis): readonly Release[] {
    const sums = new Map(cores.map((core) => [core, { running: 0, rate: 0 }]));
    for (const { core, since, expectedMs } of this.#runs.values()) {
      const sum = sums.get(core);
      if (sum === undefined) continue;
      sum.running++;
      sum.rate += 1 / Math.max(LEAST_MS, residualMs(now - since, expectedMs));
    }
    return [...sums.values()].map(({ running, rate }) => ({ running, firstMs: 1 / rate }));
  }
}

/**
 * How much longer an answer takes that has taken so long: the mean residual life E[T - e | T > e] of a log-normal time of
 * that mean.
 */
export function residualMs(elapsed: Millis, mean: Millis): Millis {
  if (elapsed <= 0 || mean <= 0) return mean;
  const z = (Math.log(elapsed / mean) + SPREAD ** 2 / 2) / SPREAD;
  const tail = 1 - normalCdf(z);
  // Longer than anything expected: such answers go on for about half as long again.
  if (tail < LEAST_TAIL) return elapsed / 2;
  return Math.max(0, (mean * (1 - normalCdf(z - SPREAD))) / tail - elapsed);
}
