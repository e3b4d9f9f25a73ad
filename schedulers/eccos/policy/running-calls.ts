import type { CoreId, Millis, SyscallId } from '../../../syscalls/syscall.js';
import { normalCdf } from './service-times.js';

/** Standard deviation of the logarithm of how long an answer takes, given what was predicted of it. */
const SPREAD = 0.6;
/** Below this share of answers that take as long, the formula of the residual life is lost in rounding. */
const LEAST_TAIL = 1e-6;

interface Run {
  readonly core: CoreId;
  readonly since: Millis;
  readonly expectedMs: Millis;
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

  /** Milliseconds until each slot in use of each core is likely to be free, the first one first. */
  remainingMs(cores: readonly CoreId[], now: Millis): readonly (readonly Millis[])[] {
    const left = new Map<CoreId, Millis[]>(cores.map((core) => [core, []]));
    for (const run of this.#runs.values()) left.get(run.core)?.push(residualMs(now - run.since, run.expectedMs));
    return [...left.values()].map((times) => times.sort((a, b) => a - b));
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
