import { CircuitState, ConsecutiveBreaker, circuitBreaker, handleWhen, isBrokenCircuitError } from 'cockatiel';
import { SyscallError } from '../../../syscalls/errors.js';
import type { Millis } from '../../../syscalls/syscall.js';
import type { Clock } from '../../clock.js';
import { CoreError, type CoreHealth } from '../core.js';

/** The one call that was to show whether the provider works again was given up by its agent: nothing is known. */
class AbandonedProbe extends Error {}

/** What becomes of the circuit. */
export interface CircuitChange {
  readonly state: 'open' | 'half-open' | 'closed';
  /** Milliseconds until one call may try again. */
  readonly retryInMs?: number;
}

/**
 * The circuit breaker of one core. Only the provider's own failures count: an aborted call says nothing about it, a
 * rejected one says that it works. The circuit is cockatiel's; the time until half-open is on the kernel's clock.
 */
export class Breaker {
  readonly #clock: Clock;
  readonly #policy;
  #retryAt: Millis = 0;

  /** @param failures in a row that open the circuit @param halfOpenAfterMs until one call may try again */
  constructor(
    clock: Clock,
    { failures, halfOpenAfterMs }: { failures: number; halfOpenAfterMs: number },
    onChange: (change: CircuitChange) => void = () => {},
  ) {
    this.#clock = clock;
    this.#policy = circuitBreaker(handleWhen(countsAsFailure), {
      breaker: new ConsecutiveBreaker(failures),
      halfOpenAfter: 0,
    });
    this.#policy.onBreak((reason) => {
      const abandoned = 'error' in reason && reason.error instanceof AbandonedProbe;
      if (abandoned) return;
      this.#retryAt = clock.now() + halfOpenAfterMs;
      onChange({ state: 'open', retryInMs: halfOpenAfterMs });
    });
    this.#policy.onHalfOpen(() => onChange({ state: 'half-open' }));
    this.#policy.onReset(() => onChange({ state: 'closed' }));
  }

  health(): CoreHealth {
    switch (this.#policy.state) {
      case CircuitState.Closed:
        return { slots: Number.POSITIVE_INFINITY, retryAt: undefined };
      case CircuitState.Open:
        if (this.#clock.now() < this.#retryAt) return { slots: 0, retryAt: this.#retryAt };
        return { slots: 1, retryAt: undefined };
      default:
        // The probe is running; its end decides.
        return { slots: 0, retryAt: undefined };
    }
  }

  /** One call may try again at once, if the circuit is open. */
  reopen(): void {
    this.#retryAt = 0;
  }

  /**
   * @param signal aborted when the caller gave the work up
   * @throws what `work` throws, or SyscallError `core-failed` while the circuit is open
   */
  async run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const { slots, retryAt } = this.health();
    if (slots === 0) throw this.#openError(retryAt);
    const probes = this.#policy.state !== CircuitState.Closed;
    try {
      return await this.#policy.execute(async () => {
        try {
          return await work();
        } catch (error) {
          throw probes && signal.aborted ? new AbandonedProbe() : error;
        }
      });
    } catch (error) {
      if (error instanceof AbandonedProbe) throw signal.reason;
      if (isBrokenCircuitError(error)) throw this.#openError(undefined);
      throw error;
    }
  }

  #openError(retryAt: Millis | undefined): SyscallError {
    const wait = retryAt === undefined ? {} : { retryAfterMs: Math.max(0, retryAt - this.#clock.now()) };
    return new SyscallError('core-failed', 'The circuit is open after failures in a row', wait);
  }
}

function countsAsFailure(error: Error): boolean {
  if (error instanceof AbandonedProbe) return true;
  return error instanceof CoreError && error.code === 'core-failed' && error.details.class === 'provider';
}
