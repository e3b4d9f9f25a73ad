import { SyscallError } from '../../syscalls/errors.js';
import type { HelloParams, HelloReply } from '../../syscalls/hello.js';
import { brokenBound } from '../../syscalls/json-scan.js';
import type { ChatChunk } from '../../syscalls/llm-chat.js';
import { describeIssue, rpcIncoming } from '../../syscalls/protocol.js';
import type { SyscallId } from '../../syscalls/syscall.js';
import { type Method, NOTIFICATIONS, type Params, type Result, SYSCALLS } from '../../syscalls/table.js';
import type { KernelView, WatchParams } from '../../syscalls/watch.js';
import type { OpenSocket, Socket, SocketClosing, SocketTarget } from './client-socket.js';

/** Receives what comes before the reply to a request. */
export interface RequestListener {
  accepted?(syscallId: SyscallId): void;
  chunk?(chunk: ChatChunk): void;
}

/** Codes with which the kernel closes for good. */
const CLOSED = { draining: 1001, refused: 1008, killed: 4001 } as const;

interface OpenRequest {
  readonly method: Method;
  readonly listener: RequestListener;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: SyscallError) => void;
}

/** One WebSocket connection and the requests that are open on it. It never comes back: `Link` makes the next one. */
export class Connection {
  readonly #socket: Socket;
  /** Where chunks go, by syscall. */
  readonly #requests = new Map<number, OpenRequest>();
  #lastId = 0;
  /** Receives views, once it has asked for them. */
  #onView: ((view: KernelView) => void) | undefined;
  /** What the kernel takes, once it has said so. */
  #limits: HelloReply['limits'] | undefined;
  /** Why nothing is sent and read any more. */
  #fault: SyscallError | undefined;
  /** Settles when the handshake is done. Rejects as `ended` settles, if that comes first. */
  readonly opened: Promise<void>;
  /** Why it ended, once the socket is closed; open requests were rejected before. Never rejects. */
  readonly ended: Promise<SyscallError>;

  /** @throws SyntaxError for an invalid `url` */
  constructor(open: OpenSocket, target: SocketTarget) {
    let onEnded: (error: SyscallError) => void = () => {};
    let onOpened = () => {};
    this.ended = new Promise((resolve) => {
      onEnded = resolve;
    });
    this.opened = new Promise((resolve, reject) => {
      onOpened = resolve;
      this.ended.then(reject);
    });
    this.opened.catch(() => {});
    this.#socket = open(target, {
      opened: onOpened,
      message: (text) => this.#receive(text),
      closed: (closing) => onEnded(this.#stop(errorOf(closing, target.url))),
    });
  }

  /** Makes the connection a process. */
  async hello(params: HelloParams): Promise<HelloReply> {
    const reply = await this.request('agent.hello', params);
    this.#limits = reply.limits;
    return reply;
  }

  /** @throws SyscallError as the kernel replied it, or as the connection ended */
  request<M extends Method>(method: M, params: Params<M>, listener: RequestListener = {}): Promise<Result<M>> {
    return new Promise((resolve, reject) => {
      if (this.#fault !== undefined) throw this.#fault;
      const id = ++this.#lastId;
      const text = JSON.stringify({ jsonrpc: '2.0', id, method, params });
      // The kernel would close the connection, or answer without the id of a request that it could not read.
      if (this.#limits !== undefined) checkSize(text, this.#limits);
      this.#requests.set(id, { method, listener, resolve: (result) => resolve(result as Result<M>), reject });
      this.#socket.send(text);
    });
  }

  /** Whether it was lost, so that the next one may go on with what was asked on it. */
  get isLost(): boolean {
    return this.#fault?.retryable === true;
  }

  /** Has views sent, to this function alone. @throws SyscallError */
  async watch(params: WatchParams, onView: (view: KernelView) => void): Promise<void> {
    this.#onView = onView;
    await this.request('kernel.watch', params);
  }

  /** Starts the closing handshake; `error` is what open and later requests get. */
  close(error: SyscallError): void {
    this.#stop(error);
    this.#socket.close();
  }

  /** Ends at once; `error` is what open and later requests get. */
  cut(error: SyscallError): void {
    this.#stop(error);
    this.#socket.cut();
  }

  #receive(text: string): void {
    if (this.#fault !== undefined) return;
    try {
      this.#dispatch(parse(text));
    } catch (error) {
      // What follows a message that makes no sense cannot be trusted either.
      this.cut(SyscallError.from(error));
    }
  }

  #dispatch(message: unknown): void {
    const incoming = rpcIncoming.safeParse(message);
    if (!incoming.success) throw broken(describeIssue(incoming.error, message, 'message'));
    if ('method' in incoming.data) this.#notified(incoming.data.method, incoming.data.params);
    else if ('error' in incoming.data) this.#failed(incoming.data.id, SyscallError.fromRpc(incoming.data.error));
    else this.#replied(incoming.data.id, incoming.data.result);
  }

  #replied(id: unknown, result: unknown): void {
    const request = this.#settle(id);
    const decoded = SYSCALLS[request.method].result.safeParse(result);
    if (decoded.success) request.resolve(decoded.data);
    else request.reject(broken(describeIssue(decoded.error, result, `${request.method} result`)));
  }

  #failed(id: unknown, error: SyscallError): void {
    // The kernel could not read the id of a request, so it is not known which one this is about.
    if (id === null) throw error;
    this.#settle(id).reject(error);
  }

  #settle(id: unknown): OpenRequest {
    const request = this.#requests.get(id as number);
    if (request === undefined) throw broken(`message.id: expected the id of an open request, got ${String(id)}`);
    this.#requests.delete(id as number);
    return request;
  }

  /** Notifications that this version does not know are left alone. */
  #notified(method: string, params: unknown): void {
    if (method === 'kernel.view') this.#onView?.(decode('kernel.view', params));
    else if (method === 'llm.chunk') {
      const { request, ...chunk } = decode('llm.chunk', params);
      this.#requests.get(request as number)?.listener.chunk?.(chunk);
    } else if (method === 'syscall.accepted') {
      const { request: id, syscallId } = decode('syscall.accepted', params);
      this.#requests.get(id as number)?.listener.accepted?.(syscallId);
    }
  }

  /** The first fault holds. @returns it */
  #stop(error: SyscallError): SyscallError {
    if (this.#fault !== undefined) return this.#fault;
    this.#fault = error;
    for (const { reject } of this.#requests.values()) reject(error);
    this.#requests.clear();
    return error;
  }
}

/** @throws SyscallError `invalid-params` for a message that the kernel would not take */
function checkSize(text: string, limits: HelloReply['limits']): void {
  const { maxMessageBytes } = limits;
  // A character takes three bytes at most, so that few texts need to be encoded.
  if (text.length * 3 > maxMessageBytes && new TextEncoder().encode(text).length > maxMessageBytes) {
    throw new SyscallError(
      'invalid-params',
      `params: expected at most ${maxMessageBytes} bytes, got ${text.length} characters`,
    );
  }
  const rule = brokenBound(text, limits);
  if (rule !== undefined) throw new SyscallError('invalid-params', `params: expected ${rule}, got more`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new SyscallError('internal', 'message: expected JSON', { cause });
  }
}

function decode<N extends keyof typeof NOTIFICATIONS>(method: N, params: unknown) {
  const decoded = NOTIFICATIONS[method].params.safeParse(params);
  if (!decoded.success) throw broken(describeIssue(decoded.error, params, method));
  return decoded.data as ReturnType<(typeof NOTIFICATIONS)[N]['params']['parse']>;
}

function broken(message: string): SyscallError {
  return new SyscallError('internal', `The kernel broke the protocol: ${message}`);
}

function errorOf({ code, reason, status }: SocketClosing, url: string): SyscallError {
  if (status === 401) return new SyscallError('unauthorized', `${url}: the kernel takes no such token`);
  if (status === 403) return new SyscallError('forbidden', `${url}: the kernel takes no connection from here`);
  if (status === 503) return new SyscallError('draining', `${url}: the kernel is shutting down`);
  if (code === CLOSED.refused) {
    return new SyscallError(reason === 'flood' ? 'rate-limited' : 'unauthorized', `${url}: ${reason}`);
  }
  if (code === CLOSED.killed) return new SyscallError('cancelled', 'The process was killed');
  if (code === CLOSED.draining) return new SyscallError('draining', `${url}: the kernel has shut down`);
  const why = reason === '' ? `code ${code}` : reason;
  return new SyscallError('disconnected', `${url}: the connection ended: ${why}`);
}
