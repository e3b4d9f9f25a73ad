import { SyscallError } from '../../../syscalls/errors.js';
import type { Millis } from '../../../syscalls/syscall.js';
import type { Clock } from '../../clock.js';
import type { Logger } from '../../log.js';
import { CoreError, type CoreHealth } from '../core.js';
import { Breaker } from './breaker.js';

/** How long a core with a wrong key, model or address is left alone before one call may try again. */
const MISCONFIGURED_MS = 60_000;
/** Pauses after too many requests where the provider does not say how long: doubled for each in a row. */
const OVERLOAD_MS = { first: 250, longest: 30_000 } as const;

interface StandingDeps {
  readonly id: string;
  readonly clock: Clock;
  readonly log: Logger | undefined;
  readonly breaker: ConstructorParameters<typeof Breaker>[1];
}

/**
 * Whether a core can be used now, by what its last requests came to: failures in a row open its circuit, a wrong config
 * closes it until the config is read again or a call has tried, too many requests make a pause. What is the caller's
 * fault changes nothing.
 */
export class Standing {
  readonly #id: string;
  readonly #clock: Clock;
  readonly #log: Logger | undefined;
  readonly #breaker: Breaker;
  #misconfigured: { readonly reason: string; readonly retryAt: Millis } | undefined;
  #isProbing = false;
  #pausedUntil: Millis = 0;
  #overloads = 0;
  #hasAnswered = false;

  constructor({ id, clock, log, breaker }: StandingDeps) {
    this.#id = id;
    this.#clock = clock;
    this.#log = log;
    this.#breaker = new Breaker(clock, breaker, (state) => log?.warn({ core: id, ...state }, 'circuit of a core'));
  }

  health(): CoreHealth {
    const now = this.#clock.now();
    if (this.#misconfigured !== undefined) {
      const { reason, retryAt } = this.#misconfigured;
      if (this.#isProbing) return { slots: 0, retryAt: undefined, misconfigured: reason };
      return now < retryAt ? { slots: 0, retryAt, misconfigured: reason } : { slots: 1, retryAt: undefined };
    }
    if (now < this.#pausedUntil) return { slots: 0, retryAt: this.#pausedUntil };
    return this.#breaker.health();
  }

  /** The config was read again: it may be right now, and whoever had it read wants the core to be tried. */
  reopen(): void {
    this.#misconfigured = undefined;
    this.#hasAnswered = false;
    this.#pausedUntil = 0;
    this.#overloads = 0;
    this.#breaker.reopen();
  }

  /**
   * @param signal aborted when the caller gave the work up
   * @throws what `work` throws, or SyscallError `core-failed` while nothing may be sent
   */
  async run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const probes = this.#misconfigured !== undefined;
    if (probes) this.#startProbe();
    try {
      const result = await this.#breaker.run(work, signal);
      this.#overloads = 0;
      this.#hasAnswered = true;
      if (probes) this.#mended();
      return result;
    } catch (error) {
      if (error instanceof CoreError) this.#learn(error);
      throw error;
    } finally {
      if (probes) this.#isProbing = false;
    }
  }

  #startProbe(): void {
    const { slots, retryAt } = this.health();
    if (slots === 0) {
      const retryAfterMs = retryAt === undefined ? undefined : Math.max(0, retryAt - this.#clock.now());
      throw new SyscallError('core-failed', this.#misconfigured?.reason ?? '', { retryAfterMs });
    }
    this.#isProbing = true;
  }

  #mended(): void {
    this.#misconfigured = undefined;
    this.#log?.info({ core: this.#id }, 'core answers again');
  }

  #learn({ details, message, retryAfterMs }: CoreError): void {
    const now = this.#clock.now();
    // A core that has answered is right: but for its key, what is wrong then is in the call.
    if (details.class === 'config' && (details.status === 401 || !this.#hasAnswered)) {
      this.#misconfigured = { reason: message, retryAt: now + MISCONFIGURED_MS };
      const why =
        'core closed: its key, model or address is wrong; mend its config and reload, or wait for the next try';
      this.#log?.error({ core: this.#id, status: details.status, reason: message, nextTryInMs: MISCONFIGURED_MS }, why);
    }
    if (details.class !== 'overload' || retryAfterMs !== undefined || now < this.#pausedUntil) return;
    const pause = Math.min(OVERLOAD_MS.longest, OVERLOAD_MS.first * 2 ** this.#overloads);
    this.#overloads++;
    this.#pausedUntil = now + pause;
  }
}
