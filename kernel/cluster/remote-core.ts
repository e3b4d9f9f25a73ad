import { SyscallError } from '../../syscalls/errors.js';
import type { Millis } from '../../syscalls/syscall.js';
import type { Clock } from '../clock.js';
import type { CoreHealth, CoreRequest, CoreResult, CoreRun, LLMCore } from '../cores/core.js';
import type { JobHealth } from './job.js';

interface RemoteCoreDeps {
  readonly clock: Clock;
  /** Has some node ask the core. */
  readonly ask: (request: CoreRequest, run: CoreRun) => Promise<CoreResult>;
  /** Has all nodes try the core again. */
  readonly reopen: () => void;
  readonly bound: (cap: number) => void;
}

/** The seat's view of a core that the workers of all nodes ask. */
export class RemoteCore implements LLMCore {
  readonly info;
  readonly #own: LLMCore;
  readonly #deps: RemoteCoreDeps;
  /** Since a worker has reported that nothing may be sent. */
  #closed: { readonly retryAt: Millis; readonly misconfigured: string | undefined } | undefined;
  #open = 0;

  /** @param own the same core as this node would ask it */
  constructor(own: LLMCore, deps: RemoteCoreDeps) {
    this.#own = own;
    this.#deps = deps;
    this.info = own.info;
  }

  refuses(params: CoreRequest['params']): string | undefined {
    return this.#own.refuses?.(params);
  }

  async chat(request: CoreRequest, run: CoreRun): Promise<CoreResult> {
    this.#open++;
    try {
      return await this.#deps.ask(request, run);
    } finally {
      this.#open--;
    }
  }

  health(): CoreHealth {
    if (this.#closed === undefined) return WELL;
    const { retryAt, misconfigured } = this.#closed;
    const why = misconfigured === undefined ? {} : { misconfigured };
    if (this.#deps.clock.now() < retryAt) return { slots: 0, retryAt, ...why };
    // One call may try.
    return this.#open === 0 ? { slots: 1, retryAt: undefined } : { slots: 0, retryAt: undefined, ...why };
  }

  /** A worker has said how the core is; what one has found holds for all. */
  report({ slots, retryInMs = 0, misconfigured }: JobHealth): void {
    const wasClosed = this.#closed !== undefined;
    if (slots === 0) this.#closed = { retryAt: this.#deps.clock.now() + retryInMs, misconfigured };
    else {
      this.#closed = undefined;
      if (wasClosed) this.#deps.reopen();
    }
  }

  reopen(cap = this.info.cap): void {
    this.#closed = undefined;
    this.#deps.reopen();
    this.#deps.bound(cap);
  }
}

const WELL: CoreHealth = { slots: Number.POSITIVE_INFINITY, retryAt: undefined };

/** A request that was lost on its way: it is nobody's fault. */
export function lost(): SyscallError {
  return new SyscallError('interrupted', 'The node that asked the core has gone');
}
