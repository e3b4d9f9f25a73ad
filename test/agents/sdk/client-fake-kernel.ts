import { type Client, type ConnectOptions, connect } from '../../../agents/sdk/client.js';
import type { OpenSocket, SocketEvents, SocketTarget } from '../../../agents/sdk/client-socket.js';
import type { Platform } from '../../../agents/sdk/platform.js';
import type { ToolCallDelta } from '../../../syscalls/chat-message.js';
import type { SyscallError } from '../../../syscalls/errors.js';
import type { HelloReply } from '../../../syscalls/hello.js';
import type { ChatReply } from '../../../syscalls/llm-chat.js';

export interface Request {
  readonly id: number;
  readonly method: string;
  readonly params: Record<string, unknown>;
}

const HELLO: HelloReply = {
  pid: 0,
  tenant: 'local',
  policy: 'fifo',
  cores: [],
  limits: {
    pendingPerAgent: 10,
    pendingTotal: 10,
    requestsPerSecond: 10,
    maxMessageBytes: 4096,
    maxMessageDepth: 32,
    maxMessageValues: 1000,
    maxBatchRequests: 100,
  },
};

export function chatReply(syscallId: string, text: string): ChatReply {
  return {
    syscallId,
    text,
    toolCalls: [],
    finishReason: 'stop',
    usage: { inputTokens: 1, outputTokens: 1, reprefillTokens: 0 },
    costUsd: 0.001,
    core: 'tiny',
    reason: 'first free core',
    attempts: 1,
    preemptions: 0,
    times: { accepted: 1, scheduled: 1, started: 1, firstToken: 2, ended: 3 },
  };
}

/** The kernel's end of one connection: the test answers each request itself, but for the hello. */
export class FakePeer {
  readonly target: SocketTarget;
  /** All but the hello, in order. */
  readonly requests: Request[] = [];
  readonly #events: SocketEvents;
  readonly #requestOf = new Map<string, Request['id']>();
  readonly #streams = new Map<string, { readonly next: number; readonly attempt: number; readonly length: number }>();
  isOpen = true;

  constructor(target: SocketTarget, events: SocketEvents) {
    this.target = target;
    this.#events = events;
  }

  /** The latest request, which must be of this method. */
  last(method: string): Request {
    const request = this.requests.at(-1);
    if (request?.method !== method) throw new Error(`Expected ${method}, got ${request?.method ?? 'nothing'}`);
    return request;
  }

  raw(text: string): void {
    this.#events.message(text);
  }

  reply({ id }: Request, result: unknown): void {
    this.raw(JSON.stringify({ jsonrpc: '2.0', id, result }));
  }

  fail({ id }: Request, error: SyscallError): void {
    this.raw(JSON.stringify({ jsonrpc: '2.0', id, error: error.toRpc() }));
  }

  accept({ id }: Request, syscallId: string): void {
    this.#requestOf.set(syscallId, id);
    this.#notify('syscall.accepted', { request: id, syscallId });
  }

  /** @param seq one that is not the next shows in the offset, which is wrong then */
  chunk(
    syscallId: string,
    seq: number,
    text: string,
    more: { restart?: true; toolCalls?: readonly ToolCallDelta[] } = {},
  ): void {
    const before = this.#streams.get(syscallId) ?? { next: 0, attempt: 1, length: 0 };
    const attempt = before.attempt + (more.restart ? 1 : 0);
    const length = more.restart ? 0 : before.length;
    this.#streams.set(syscallId, { next: seq + 1, attempt, length: length + text.length });
    const request = this.#requestOf.get(syscallId) ?? 0;
    this.#notify('llm.chunk', { request, syscallId, seq, attempt, offset: length + seq - before.next, text, ...more });
  }

  /** Ends the connection from the kernel's side. */
  cut(code = 1006, reason = ''): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.#events.closed({ code, reason });
  }

  #notify(method: string, params: object): void {
    this.raw(JSON.stringify({ jsonrpc: '2.0', method, params }));
  }
}

interface Timer {
  readonly delay: number;
  readonly run: () => void;
}

/** A kernel without a network, and the time in which its clients live. */
export class FakeKernel {
  readonly peers: FakePeer[] = [];
  readonly hellos: Record<string, unknown>[] = [];
  /** Set and neither run nor cancelled; the test runs them. */
  readonly timers = new Set<Timer>();
  /** What happens to the next connections instead of a hello: an error for it, or `refuse` the handshake. */
  readonly faults: (SyscallError | 'refuse' | 'silent')[] = [];
  random = 1;
  /** What hellos say from now on. */
  parent: number | undefined;

  readonly platform: Platform = {
    random: () => this.random,
    after: (delay, run) => {
      const timer = { delay, run };
      this.timers.add(timer);
      return () => this.timers.delete(timer);
    },
  };

  readonly openSocket: OpenSocket = (target, events) => {
    const peer = new FakePeer(target, events);
    this.peers.push(peer);
    const fault = this.faults.shift();
    queueMicrotask(() => {
      if (fault === 'refuse') peer.cut();
      else if (fault !== 'silent') events.opened();
    });
    return {
      send: (text) => {
        const request = JSON.parse(text) as Request;
        if (request.method !== 'agent.hello') peer.requests.push(request);
        else if (typeof fault === 'object') peer.fail(request, fault);
        else {
          this.hellos.push(request.params);
          const parent = this.parent === undefined ? {} : { parent: this.parent };
          peer.reply(request, { ...HELLO, pid: this.peers.length, ...parent });
        }
      },
      close: () => queueMicrotask(() => peer.cut(1000)),
      cut: () => queueMicrotask(() => peer.cut()),
    };
  };

  /** The latest connection. */
  get peer(): FakePeer {
    const peer = this.peers.at(-1);
    if (peer === undefined) throw new Error('Nobody has connected');
    return peer;
  }

  connect(options: Partial<ConnectOptions> = {}): Promise<Client> {
    const { platform, openSocket } = this;
    return connect({ url: 'ws://kernel', name: 'agent', platform, openSocket, ...options });
  }

  /** Runs the only timer there is. @returns its delay in milliseconds */
  tick(): number {
    const [timer, ...more] = this.timers;
    if (timer === undefined || more.length > 0) throw new Error(`Expected one timer, got ${this.timers.size}`);
    this.timers.delete(timer);
    timer.run();
    return timer.delay;
  }
}

/** Lets every promise settle that can. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
