import { SyscallError } from '../../syscalls/errors.js';
import type { ChatReply } from '../../syscalls/llm-chat.js';
import type { Pid } from '../../syscalls/syscall.js';
import type { Result } from '../../syscalls/table.js';
import type { CallOptions, Entered, Gate, ProcessMethod } from '../gate.js';
import type { Leaving } from '../kernel.js';
import type { Caller } from '../process/caller.js';
import type { Principal } from '../process/principal.js';
import type { EndReason } from '../process/process-table.js';
import type { Viewer } from '../viewer.js';
import { FollowedCall } from './followed-call.js';
import type { Answered, Asked, RequestName, Seated } from './messages.js';
import { scopeOf } from './scope.js';
import type { SeatLink } from './seat-link.js';
import type { TextLog } from './text-log.js';

interface NodeGateDeps {
  readonly link: SeatLink;
  readonly texts: TextLog;
  /** Unique name of this node. */
  readonly node: string;
  /** Most requests that are open here. */
  readonly most: () => number;
}

/** A request of which the seat has not said yet how it ends. */
interface Open {
  readonly pid: Pid | undefined;
  readonly asked: Asked & { readonly name: RequestName };
  readonly call: FollowedCall | undefined;
  readonly onEnd: ((reason: EndReason) => void) | undefined;
  readonly resolve: (result: never) => void;
  readonly reject: (error: unknown) => void;
}

/** A process of this door. */
interface Own extends Seated {
  readonly onEnd: (reason: EndReason) => void;
  viewer: Viewer | undefined;
  /** It has missed a view. */
  isBehind: boolean;
  /** What it watches. */
  watch: unknown;
}

/**
 * The kernel as the doors of a node see it, wherever it is. When the seat changes, or messages were lost, all that is open is asked again:
 * processes keep their pids, and calls their keys, so that agents notice nothing.
 */
export class NodeGate implements Gate {
  readonly #deps: NodeGateDeps;
  readonly #processes = new Map<Pid, Own>();
  readonly #open = new Map<RequestName, Open>();
  #last = 0;
  #isDraining = false;
  #onIdle: (() => void) | undefined;

  constructor(deps: NodeGateDeps) {
    this.#deps = deps;
    deps.link.onBegin(() => this.#begin());
    deps.link.onAnswer((message) => this.#take(message));
  }

  enter(principal: Principal, hello: unknown, onEnd: (reason: EndReason) => void): Promise<Entered> {
    return this.#ask({ kind: 'enter', name: ++this.#last, scope: scopeOf(principal), hello }, { onEnd });
  }

  async call<M extends ProcessMethod>(
    caller: Caller,
    method: M | string,
    params: unknown,
    options: CallOptions = {},
  ): Promise<Result<M>> {
    const { pid } = caller;
    const process = this.#processes.get(pid);
    if (process === undefined) {
      throw this.#isDraining ? draining() : new SyscallError('disconnected', 'The process has ended');
    }
    const name = ++this.#last;
    if (method === 'llm.chat') return this.#chat(name, process, params, options) as Promise<Result<M>>;
    if (method === 'kernel.watch' && options.viewer !== undefined) {
      process.viewer = options.viewer;
      process.watch = params;
    }
    return this.#ask({ kind: 'call', name, pid, method, params, cancels: false }, { pid });
  }

  leave({ pid }: Caller, open: Leaving): void {
    if (!this.#processes.delete(pid)) return;
    this.#deps.link.send({ kind: 'leave', pid, open });
    this.#drop(pid, new SyscallError('disconnected', 'The connection was closed before the answer'));
  }

  /** All that a principal may see, as JSON. */
  snapshot(principal: Principal): Promise<string> {
    return this.#ask({ kind: 'snapshot', name: ++this.#last, scope: scopeOf(principal) }, {});
  }

  /** Refuses what is new. Settles when nothing is open any more. */
  drain(): Promise<void> {
    this.#isDraining = true;
    return new Promise((resolve) => {
      this.#onIdle = resolve;
      this.#idle();
    });
  }

  async #chat(
    name: RequestName,
    { caller: { pid } }: Own,
    params: unknown,
    { signal, sink }: CallOptions,
  ): Promise<ChatReply> {
    const { link, texts, node } = this.#deps;
    const hasKey = !isObject(params) || params['idempotencyKey'] !== undefined || params['from'] !== undefined;
    // By a key a call outlives the seat that has taken it in.
    const keyed = hasKey ? params : { ...params, idempotencyKey: `~${node}~${name}` };
    const call = new FollowedCall(texts, params, sink);
    const asked = { kind: 'call', name, pid, method: 'llm.chat', params: keyed, cancels: !hasKey } as const;
    const abort = () => {
      link.send({ kind: 'abort', name });
      this.#giveUp(name, hasKey ? 'disconnected' : 'cancelled');
    };
    signal?.addEventListener('abort', abort, { once: true });
    try {
      const asking = this.#ask<ChatReply>(asked, { pid, call });
      if (signal?.aborted) abort();
      const reply = await asking;
      call.end(reply);
      return reply;
    } finally {
      call.close();
      signal?.removeEventListener('abort', abort);
    }
  }

  #ask<Answer>(
    asked: Open['asked'],
    { pid, call, onEnd }: Partial<Pick<Open, 'pid' | 'call' | 'onEnd'>>,
  ): Promise<Answer> {
    const { link, most } = this.#deps;
    if (this.#isDraining) return Promise.reject(draining());
    if (!link.isUp) {
      const message = 'storage: this node does not reach the store of the cluster';
      return Promise.reject(new SyscallError('busy', message, { retryAfterMs: 1000 }));
    }
    if (this.#open.size >= most()) {
      const message = `pendingTotal: the limit of ${most()} is reached at this door`;
      return Promise.reject(new SyscallError('busy', message, { retryAfterMs: 1000 }));
    }
    return new Promise<Answer>((resolve, reject) => {
      this.#open.set(asked.name, { pid, asked, call, onEnd, resolve, reject });
      link.send(asked);
    });
  }

  /** A new session: what is open belongs to it. */
  #begin(): void {
    const { link } = this.#deps;
    const processes = [...this.#processes.values()].map(({ caller, scope, hello }) => ({ caller, scope, hello }));
    link.send({ kind: 'begin', processes });
    for (const { asked } of this.#open.values()) link.send(asked);
    for (const { caller, watch } of this.#processes.values()) if (watch !== undefined) this.#watch(caller.pid, watch);
  }

  /** Has views sent from a full one on; its answer was given before. */
  #watch(pid: Pid, params: unknown): void {
    const name = ++this.#last;
    this.#deps.link.send({ kind: 'call', name, pid, method: 'kernel.watch', params, cancels: false });
  }

  #take(message: Answered): void {
    switch (message.kind) {
      case 'beat':
      case 'unknown':
        return;
      case 'ended': {
        const process = this.#processes.get(message.pid);
        this.#processes.delete(message.pid);
        this.#drop(message.pid, new SyscallError('cancelled', `Process ${message.pid} was killed`));
        process?.onEnd(message.reason);
        return;
      }
      case 'view':
        this.#view(message.pid, message.json);
        return;
      case 'accepted':
        this.#open.get(message.name)?.call?.accepted(message.id);
        return;
      case 'started':
        this.#open.get(message.name)?.call?.started(message.core, message.reason);
        return;
      default:
        this.#end(message);
        return;
    }
  }

  #end(message: Extract<Answered, { kind: 'entered' | 'result' | 'error' }>): void {
    const open = this.#open.get(message.name);
    if (open === undefined) return;
    this.#open.delete(message.name);
    if (message.kind === 'error') open.reject(SyscallError.fromRpc(message.error));
    else if (message.kind === 'result') open.resolve(message.result as never);
    else {
      const { caller, reply } = message;
      const { scope, hello } = open.asked as Extract<Asked, { kind: 'enter' }>;
      const onEnd = open.onEnd ?? (() => {});
      this.#processes.set(caller.pid, {
        caller,
        scope,
        hello,
        onEnd,
        viewer: undefined,
        isBehind: false,
        watch: undefined,
      });
      open.resolve({ caller, reply } as never);
    }
    this.#idle();
  }

  /** A reader that does not keep up gets no view, and a full one later. */
  #view(pid: Pid, json: string): void {
    const process = this.#processes.get(pid);
    if (process?.viewer === undefined) return;
    const isBehind = process.isBehind;
    process.isBehind = process.viewer.isSlow();
    if (process.isBehind) return;
    if (isBehind) this.#watch(pid, process.watch);
    else process.viewer.view(json);
  }

  #giveUp(name: RequestName, code: 'disconnected' | 'cancelled'): void {
    this.#open.get(name)?.reject(new SyscallError(code, 'The request was given up before the answer'));
    this.#open.delete(name);
    this.#idle();
  }

  #drop(pid: Pid, error: SyscallError): void {
    for (const [name, open] of [...this.#open]) {
      if (open.pid !== pid) continue;
      this.#open.delete(name);
      open.reject(error);
    }
    this.#idle();
  }

  #idle(): void {
    if (this.#open.size === 0) this.#onIdle?.();
  }
}

function draining(): SyscallError {
  return new SyscallError('draining', 'This node is shutting down', { retryAfterMs: 1000 });
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
