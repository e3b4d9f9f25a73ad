import { SyscallError } from '../syscalls/errors.js';
import { describeIssue, type RequestId } from '../syscalls/protocol.js';
import { isMethod, type Method, type Params, type Result, SYSCALLS } from '../syscalls/table.js';
import type { Outbox, Reply, Session } from './doors/session.js';
import type { Kernel } from './kernel.js';
import type { Principal } from './process/principal.js';
import type { Process } from './process/process-table.js';

interface Caller {
  readonly kernel: Kernel;
  readonly process: Process;
  readonly request: RequestId;
}

/** What each syscall does, once its parameters are known to be good. `agent.hello` is the trap's own. */
const HANDLERS: {
  readonly [M in Exclude<Method, 'agent.hello'>]: (caller: Caller, params: Params<M>) => Result<M> | Promise<Result<M>>;
} = {
  'llm.chat': async ({ kernel, process, request }, params) => {
    const call = kernel.chat(process, params);
    process.outbox.notify({ method: 'syscall.accepted', params: { request, syscallId: call.id } });
    const state = await call.final;
    if (state.status !== 'done') throw state.error;
    return state.reply;
  },
  'agent.kill': ({ kernel, process }, { pid }) => ({ killed: kernel.kill(pid, process.principal) }),
  'syscall.cancel': ({ kernel, process }, { syscallId }) => ({ cancelled: kernel.cancel(process, syscallId) }),
  'syscall.feedback': ({ kernel, process }, { syscallId, quality }) => {
    kernel.feedback(process, syscallId, quality);
    return { accepted: true };
  },
  'kernel.cores': ({ kernel }) => ({ cores: kernel.cores() }),
  'kernel.ps': ({ kernel, process }, params) => kernel.ps(process, params),
  'kernel.stats': ({ kernel }) => kernel.stats(),
};

/** The border between user space and the kernel: every request of one connection is decoded and checked here. */
export class Trap implements Session {
  readonly #kernel: Kernel;
  readonly #principal: Principal;
  readonly #outbox: Outbox;
  #process: Process | undefined;
  #closed = false;
  #lastRequest = 0;

  constructor(kernel: Kernel, principal: Principal, outbox: Outbox) {
    this.#kernel = kernel;
    this.#principal = principal;
    this.#outbox = outbox;
  }

  async handle({ id, method, params }: Parameters<Session['handle']>[0]): Promise<Reply> {
    try {
      return { jsonrpc: '2.0', id, result: await this.#dispatch(id, method, params) };
    } catch (error) {
      if (!(error instanceof SyscallError)) throw error;
      return { jsonrpc: '2.0', id, error: error.toRpc() };
    }
  }

  async call<M extends Method>(method: M, params: Params<M>): Promise<Result<M>> {
    return (await this.#dispatch(++this.#lastRequest, method, params)) as Result<M>;
  }

  drained(): void {
    for (const call of this.#process?.open ?? []) call.facts.stream?.flush();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#process !== undefined) this.#kernel.exit(this.#process);
  }

  #dispatch(request: RequestId, method: string, input: unknown): unknown {
    if (!isMethod(method)) throw new SyscallError('method-not-found', `method: there is no syscall "${method}"`);
    const { methods } = this.#principal;
    if (methods !== undefined && method !== 'agent.hello' && !methods.includes(method)) {
      throw new SyscallError('forbidden', `method: the token does not allow ${method}`);
    }
    if (this.#closed || this.#process?.alive === false) {
      throw new SyscallError('disconnected', 'The process has ended');
    }
    const decoded = SYSCALLS[method].params.safeParse(input ?? {});
    if (!decoded.success) throw new SyscallError('invalid-params', describeIssue(decoded.error, input, 'params'));
    if (method === 'agent.hello') return this.#hello(decoded.data as Params<'agent.hello'>);
    if (this.#process === undefined) {
      throw new SyscallError('invalid-request', 'method: the first request must be agent.hello');
    }
    const handler = HANDLERS[method] as (caller: Caller, params: unknown) => unknown;
    return handler({ kernel: this.#kernel, process: this.#process, request }, decoded.data);
  }

  #hello(params: Params<'agent.hello'>): Result<'agent.hello'> {
    if (this.#process !== undefined) {
      throw new SyscallError('invalid-request', 'method: this connection said agent.hello before');
    }
    const { process, reply } = this.#kernel.spawn(params, this.#principal, this.#outbox);
    this.#process = process;
    return reply;
  }
}
