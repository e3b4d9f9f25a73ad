import { SyscallError } from '../syscalls/errors.js';
import type { HelloReply } from '../syscalls/hello.js';
import { describeIssue, show } from '../syscalls/protocol.js';
import { isMethod, type Method, type Params, type Result, SYSCALLS } from '../syscalls/table.js';
import type { CallSink } from './call-sink.js';
import type { Kernel, Leaving } from './kernel.js';
import type { Caller } from './process/caller.js';
import type { Principal } from './process/principal.js';
import type { EndReason, Process } from './process/process-table.js';
import type { Viewer } from './viewer.js';
import type { Watchers } from './watch/watchers.js';
import { WholeSink } from './whole-sink.js';

/** A syscall of a process that has said hello. */
export type ProcessMethod = Exclude<Method, 'agent.hello'>;

export interface CallOptions {
  /** Cancels the call, if it is an `llm.chat`; one with a key goes on for a while, since who asked may come back. */
  readonly signal?: AbortSignal | undefined;
  /** `signal` cancels a call with a key too, unless somebody else follows it. @default false */
  readonly cancels?: boolean;
  /** Follows the call, if it is an `llm.chat`. */
  readonly sink?: CallSink | undefined;
  /** Receives the views of a `kernel.watch`. */
  readonly viewer?: Viewer | undefined;
}

/** A new process. */
export interface Entered {
  readonly caller: Caller;
  readonly reply: HelloReply;
}

/** The kernel as every door sees it. All input from outside is checked here. */
export interface Gate {
  /**
   * Makes a process: at once where the kernel is in this process of the operating system.
   *
   * @param hello parameters of `agent.hello`, not yet checked
   * @param onEnd called when the kernel ends the process; not after `leave`
   * @throws SyscallError `invalid-params`, `busy`, `not-found` for the parent
   */
  enter(principal: Principal, hello: unknown, onEnd: (reason: EndReason) => void): Entered | Promise<Entered>;
  /**
   * One syscall. A process may have several under way, from several connections.
   *
   * @param params not yet checked
   * @throws SyscallError
   */
  call<M extends ProcessMethod>(caller: Caller, method: M, params: unknown, options?: CallOptions): Promise<Result<M>>;
  /** The same for a method whose name comes from outside. @throws SyscallError `method-not-found` and all others */
  call(caller: Caller, method: string, params: unknown, options?: CallOptions): Promise<unknown>;
  /**
   * The process goes. Idempotent.
   *
   * @param open what becomes of its open calls: `cancel`: they end as `disconnected`; `lose`: those with a key go on for a while,
   * since who asked may come back; `keep`: all go on, without a sink
   */
  leave(caller: Caller, open: Leaving): void;
}

interface Request {
  readonly kernel: Kernel;
  readonly watchers: Watchers;
  readonly process: Process;
  readonly options: CallOptions;
}

/** What each syscall does, once its parameters are known to be good. `agent.hello` is `Gate.enter`. */
const HANDLERS: {
  readonly [M in ProcessMethod]: (request: Request, params: Params<M>) => Result<M> | Promise<Result<M>>;
} = {
  'llm.chat': async ({ kernel, process, options: { signal, cancels, sink } }, params) => {
    const whole = sink && new WholeSink(sink);
    const reply = await kernel.chat(process, params, { signal, cancels, sink: whole });
    whole?.end();
    return { ...reply, text: reply.text.toWellFormed() };
  },
  'agent.kill': ({ kernel, process }, { pid }) => ({ killed: kernel.kill(pid, process.scope) }),
  'syscall.cancel': ({ kernel, process }, { syscallId }) => ({ cancelled: kernel.cancel(process, syscallId) }),
  'syscall.feedback': async ({ kernel, process }, rating) => {
    await kernel.feedback(process, rating);
    return { accepted: true };
  },
  'kernel.cores': ({ kernel }) => ({ cores: kernel.cores() }),
  'kernel.ps': ({ kernel, process }, params) => kernel.reports.ps(process, params),
  'kernel.stats': ({ kernel, process }) => kernel.stats(process.scope),
  'kernel.watch': ({ watchers, process, options: { viewer } }, params) => {
    if (viewer === undefined) throw new SyscallError('invalid-request', 'method: this door cannot send views');
    watchers.watch(process, params, viewer);
    return { watching: true };
  },
};

/** The border between user space and the kernel: method, scope and parameters of every request are checked here. */
export class KernelGate implements Gate {
  readonly #kernel: Kernel;
  readonly #watchers: Watchers;

  constructor(kernel: Kernel, watchers: Watchers) {
    this.#kernel = kernel;
    this.#watchers = watchers;
  }

  /** @param known who the process is, where an earlier kernel has made it */
  enter(principal: Principal, hello: unknown, onEnd: (reason: EndReason) => void, known?: Caller): Entered {
    const { process, reply } = this.#kernel.spawn(decodeParams('agent.hello', hello), principal, onEnd, known);
    const { pid, program, tenant } = process;
    return { caller: { pid, program, tenant, principal: principal.name }, reply };
  }

  call<M extends ProcessMethod>(
    caller: Caller,
    method: M | string,
    params: unknown,
    options: CallOptions = {},
  ): Promise<Result<M>> {
    // An async function would cost every call one more promise.
    try {
      return Promise.resolve(this.#call<M>(caller, method, params, options));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #call<M extends ProcessMethod>(
    caller: Caller,
    method: string,
    params: unknown,
    options: CallOptions,
  ): Result<M> | Promise<Result<M>> {
    if (!isMethod(method)) throw new SyscallError('method-not-found', `method: there is no syscall ${show(method)}`);
    if (method === 'agent.hello') {
      throw new SyscallError('invalid-request', 'method: this connection said agent.hello before');
    }
    const process = this.#kernel.processOf(caller);
    const { methods } = process.scope;
    if (methods !== undefined && !methods.includes(method)) {
      throw new SyscallError('forbidden', `method: the token does not allow ${method}`);
    }
    const handler = HANDLERS[method] as (request: Request, params: unknown) => Result<M> | Promise<Result<M>>;
    const known = decodeParams(method, params);
    return handler({ kernel: this.#kernel, watchers: this.#watchers, process, options }, known);
  }

  leave(caller: Caller, open: Leaving): void {
    this.#kernel.leave(caller, open);
  }

  /** The requests of a process are lost, and it will come back for its calls. */
  forsake(caller: Caller): void {
    this.#kernel.forsake(caller);
  }
}

/** Checks parameters from outside. @throws SyscallError `invalid-params` */
export function decodeParams<M extends Method>(method: M, input: unknown): Params<M> {
  const decoded = SYSCALLS[method].params.safeParse(input ?? {});
  if (!decoded.success) throw new SyscallError('invalid-params', describeIssue(decoded.error, input, 'params'));
  return decoded.data as Params<M>;
}
