import type { ToolCallDelta } from '../../../syscalls/chat-message.js';
import { type RpcError, SyscallError } from '../../../syscalls/errors.js';
import type { RequestId } from '../../../syscalls/protocol.js';
import type { SyscallId } from '../../../syscalls/syscall.js';
import type { Notification, NotificationMethod } from '../../../syscalls/table.js';
import type { AnswerText, CallSink, TextPlace } from '../../call-sink.js';
import type { Clock } from '../../clock.js';
import type { KernelLimits } from '../../config/limits.js';
import type { Gate } from '../../gate.js';
import type { Caller } from '../../process/caller.js';
import type { Principal } from '../../process/principal.js';
import type { EndReason } from '../../process/process-table.js';
import type { Viewer } from '../../viewer.js';
import { type ChunkReader, ChunkStream } from '../chunk-stream.js';

/** Where a session sends what nobody has asked for. */
export interface Outbox {
  notify(notification: Notification): void;
  /** A notification whose parameters are JSON already. */
  notifyJson(method: NotificationMethod, json: string): void;
  /** The reader does not keep up: streams hold their text back until `Session.drained`. */
  isSlow(): boolean;
  /** The kernel ended the process: say so and close the connection. */
  close(reason: EndReason): void;
}

/** One JSON-RPC request whose envelope has been checked. Without an id it is a notification. */
export interface RpcCall {
  readonly id?: RequestId | undefined;
  readonly method: string;
  readonly params?: unknown;
}

/** What the reply to a request says: exactly one of `result` and `error`. */
export type Outcome = { readonly result: unknown } | { readonly error: RpcError };

/** One connection that speaks JSON-RPC: its first request makes it a process, which ends with it. */
export interface Session {
  /** Whether it has said hello. */
  readonly isProcess: boolean;
  /** The outcome of a notification is not sent. Rejects only for a bug in the kernel. */
  handle(request: RpcCall): Promise<Outcome>;
  /** Characters of streams that are held back until the reader has caught up. */
  readonly behind: number;
  /** The reader has caught up: held text may go out. */
  drained(): void;
  /**
   * The connection is gone: open syscalls end with code `disconnected`; where it was lost, not closed, those with a key go on for a
   * while. Idempotent.
   */
  close(how: 'closed' | 'lost'): void;
}

export interface SessionDeps {
  readonly gate: Gate;
  readonly clock: Clock;
  readonly limits: () => KernelLimits;
}

export class RpcSession implements Session {
  readonly deps: SessionDeps;
  readonly #principal: Principal;
  readonly outbox: Outbox;
  /** Of the calls that are open. */
  readonly streams = new Set<ChunkStream>();
  #caller: Caller | undefined;
  #closed = false;

  constructor(deps: SessionDeps, principal: Principal, outbox: Outbox) {
    this.deps = deps;
    this.#principal = principal;
    this.outbox = outbox;
  }

  get isProcess(): boolean {
    return this.#caller !== undefined;
  }

  get behind(): number {
    let behind = 0;
    for (const stream of this.streams) behind += stream.behind;
    return behind;
  }

  async handle(request: RpcCall): Promise<Outcome> {
    try {
      return { result: await this.#dispatch(request) };
    } catch (error) {
      if (!(error instanceof SyscallError)) throw error;
      return { error: error.toRpc() };
    }
  }

  drained(): void {
    for (const stream of this.streams) stream.flush();
  }

  close(how: 'closed' | 'lost'): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#caller !== undefined) this.deps.gate.leave(this.#caller, how === 'lost' ? 'lose' : 'cancel');
  }

  #dispatch({ id, method, params }: RpcCall): unknown {
    const { gate } = this.deps;
    if (this.#closed) throw new SyscallError('disconnected', 'The process has ended');
    if (this.#caller === undefined) return this.#hello(method, params);
    if (method === 'llm.chat') return this.#chat(this.#caller, id, params);
    return gate.call(this.#caller, method, params, method === 'kernel.watch' ? { viewer: this.#viewer } : {});
  }

  readonly #viewer: Viewer = {
    view: (json) => this.outbox.notifyJson('kernel.view', json),
    isSlow: () => this.outbox.isSlow(),
  };

  #hello(method: string, params: unknown): unknown {
    if (method !== 'agent.hello') {
      throw new SyscallError('invalid-request', 'method: the first request must be agent.hello');
    }
    const { caller, reply } = this.deps.gate.enter(this.#principal, params, (reason) => this.outbox.close(reason));
    this.#caller = caller;
    return reply;
  }

  async #chat(caller: Caller, request: RequestId | undefined, params: unknown): Promise<unknown> {
    // A notification has no id by which its sender could tell what is about it.
    if (request === undefined) return this.deps.gate.call(caller, 'llm.chat', params);
    const sink = new RpcSink(request, this);
    let isWhole = false;
    try {
      const reply = await this.deps.gate.call(caller, 'llm.chat', params, { sink });
      isWhole = true;
      return reply;
    } finally {
      sink.end(isWhole);
    }
  }
}

/** Where the progress of one `llm.chat` goes: notifications of its connection. */
class RpcSink implements CallSink {
  readonly #request: RequestId;
  readonly #session: RpcSession;
  #id = '';
  #answer: AnswerText | undefined;
  #stream: ChunkStream | undefined;

  constructor(request: RequestId, session: RpcSession) {
    this.#request = request;
    this.#session = session;
  }

  accepted(syscallId: SyscallId, answer: AnswerText): void {
    this.#id = syscallId;
    this.#answer = answer;
    this.#session.outbox.notify({ method: 'syscall.accepted', params: { request: this.#request, syscallId } });
  }

  text(piece: string, place: TextPlace): void {
    this.#stream ??= this.#open();
    this.#stream.push(piece, place);
  }

  toolCall(piece: ToolCallDelta, place: TextPlace): void {
    this.#stream ??= this.#open();
    this.#stream.pushToolCall(piece, place);
  }

  restart(): void {
    this.#stream?.restart();
  }

  end(isWhole: boolean): void {
    if (this.#stream === undefined) return;
    this.#stream.end(isWhole);
    this.#session.streams.delete(this.#stream);
  }

  #open(): ChunkStream {
    const { deps, outbox, streams } = this.#session;
    const reader: ChunkReader = {
      chunk: (chunk) => outbox.notify({ method: 'llm.chunk', params: { request: this.#request, ...chunk } }),
      isSlow: () => outbox.isSlow(),
    };
    const stream = new ChunkStream(this.#id, this.#answer ?? { text: '' }, reader, deps.clock, deps.limits().chunkMs);
    streams.add(stream);
    return stream;
  }
}
