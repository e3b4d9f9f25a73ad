import { SyscallError } from '../../syscalls/errors.js';
import type { CoreId, Millis } from '../../syscalls/syscall.js';
import type { Call } from '../call/call.js';
import type { CoreSlot } from '../capacity/core-slot.js';
import type { CoreTable } from '../capacity/core-table.js';
import type { Clock } from '../clock.js';
import type { KernelLimits } from '../config/limits.js';
import { CoreError } from '../cores/core.js';
import type { Logger } from '../log.js';

export interface RetriesDeps {
  readonly clock: Clock;
  /** Numbers from 0 up to 1, for the jitter. */
  readonly random: () => number;
  readonly cores: CoreTable;
  readonly log: Logger;
  readonly limits: () => KernelLimits;
}

/** A core of any kind is left alone for at most so long. */
const MAX_PAUSE_MS = 86_400_000;

interface Next {
  /** Undefined: the call ends. */
  readonly delay: Millis | undefined;
  /** For the log. */
  readonly next: string;
}

const ENDS: Next = { delay: undefined, next: 'the call ends' };

/** Decides what becomes of a call whose attempt has failed, and keeps what the fault has shown of the core. */
export class Retries {
  readonly #deps: RetriesDeps;

  constructor(deps: RetriesDeps) {
    this.#deps = deps;
  }

  /** @returns the error as the agent is to see it, and milliseconds until the call may be tried again; undefined: it has ended */
  after(
    call: Call,
    slot: CoreSlot,
    thrown: unknown,
  ): { readonly error: SyscallError; readonly delay: Millis | undefined } {
    const core = slot.info.id;
    const at = this.#deps.clock.now();
    const error = SyscallError.from(thrown, 'core-failed');
    const { class: faultClass = 'provider', status } = error.details;
    // What is not an error of the kernel's own may repeat a prompt: others may only see what kind it is.
    const message = error.cause instanceof Error ? error.cause.name : error.message;
    const fault = { at, class: faultClass, ...(status === undefined ? {} : { status }), message };
    slot.failed(fault, error instanceof CoreError ? error.learnt : {});
    const { retryAfterMs = 0 } = error;
    if (retryAfterMs > 0) this.#close(slot, at + Math.min(retryAfterMs, MAX_PAUSE_MS), message);
    const known = error.with({ class: faultClass, core, attempts: call.attempts });
    const { delay, next } = this.#next(call, core, error);
    this.#log(call, known, message, next);
    return { error: known, delay };
  }

  #close(slot: CoreSlot, until: Millis, reason: string): void {
    const { log } = this.#deps;
    if (!slot.closeUntil(until)) return;
    const line = { core: slot.info.id, until: new Date(until).toISOString(), reason };
    log.warn(line, 'core closed because its provider asks for a pause; a reload opens it at once');
  }

  #next(call: Call, core: CoreId, error: SyscallError): Next {
    const { clock, cores, limits, random } = this.#deps;
    const { maxAttempts, retryBackoffMs } = limits();
    if (call.facts.params.retry === 'never' || call.isBound) return ENDS;
    if (error.code === 'interrupted') {
      call.retryWithout(core, 'lost', clock.now(), () => true);
      return { delay: 0, next: 'again' };
    }
    const isRefused = error.code === 'core-rejected';
    if (!isRefused && (!error.retryable || call.failures + 1 >= maxAttempts)) return ENDS;
    const isUsable = (id: CoreId) => cores.isUsable(id);
    // What this core will not take, or cannot, only another one can: if there is none, the call has ended.
    const isOut = isRefused || error.details.class === 'config';
    if (isOut && !call.open.some((id) => id !== core && isUsable(id))) return ENDS;
    const why = isRefused ? 'refused' : 'failed';
    if (call.retryWithout(core, why, clock.now(), isUsable)) return { delay: 0, next: 'another core' };
    // Every core has failed it. Where all are closed, it waits for one to open, before those that came after it.
    if (call.open.every((id) => cores.get(id)?.isCooling)) return { delay: 0, next: 'again when a core opens' };
    // Full jitter, as in "Exponential Backoff and Jitter" (AWS Architecture Blog, 2015).
    const ceiling = Math.min(retryBackoffMs.max, retryBackoffMs.base * 2 ** Math.max(0, call.failures - 1));
    const delay = random() * ceiling;
    return { delay, next: `again in ${Math.round(delay)} ms` };
  }

  /** One line for each attempt that failed: what an operator needs to know of it. */
  #log(call: Call, { code, details }: SyscallError, reason: string, next: string): void {
    const { class: faultClass, status, core, attempts: attempt } = details;
    const line = { syscallId: call.id, core, class: faultClass, status, code, reason, attempt, next };
    this.#deps.log.warn(line, 'attempt failed');
  }
}
