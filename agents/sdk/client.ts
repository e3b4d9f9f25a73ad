import { openSocket } from '#socket';
import type { Rater } from '../../syscalls/control.js';
import type { CoreView } from '../../syscalls/cores.js';
import { SyscallError } from '../../syscalls/errors.js';
import { type HelloReply, PROTOCOL_VERSION } from '../../syscalls/hello.js';
import type { ChatParams, ChatReply } from '../../syscalls/llm-chat.js';
import type { PsParams, PsReply } from '../../syscalls/ps.js';
import type { StatsReply } from '../../syscalls/stats.js';
import type { Pid, SyscallId } from '../../syscalls/syscall.js';
import type { Method, Params, Result } from '../../syscalls/table.js';
import type { WatchedKernel, WatchParams } from '../../syscalls/watch.js';
import { ChatCall } from './client-chat.js';
import { Link } from './client-link.js';
import type { OpenSocket } from './client-socket.js';
import { ChatStream } from './client-stream.js';
import { watch } from './client-watch.js';
import { type Backoff, type Platform, realPlatform } from './platform.js';

export { assistantMessage } from '../../syscalls/assistant-message.js';
export type { ChatMessage, ToolCall } from '../../syscalls/chat-message.js';
export { type ErrorCode, SyscallError } from '../../syscalls/errors.js';
export type { ChatParams, ChatReply, ChatTool } from '../../syscalls/llm-chat.js';
export type { ChatDelta } from './client-stream.js';
export type { ChatStream, CoreView, HelloReply, PsReply, StatsReply, WatchedKernel };

export interface ConnectOptions {
  /** Address of the kernel, for example `ws://127.0.0.1:8787`; of a cluster those of all nodes, of which one serves. */
  readonly url: string | readonly [string, ...string[]];
  /** Name of the agent, for people. */
  readonly name: string;
  /** Bearer token; sent in the handshake, never in the address. */
  readonly token?: string | undefined;
  /** A live process of the same token, by its pid or its client; killing it kills this one too. */
  readonly parent?: Pid | Client | undefined;
  /** Whose calls these are, where the token does not say. */
  readonly tenant?: string | undefined;
  /**
   * What to do when the connection is lost: `false` = nothing; else back-off with full jitter.
   *
   * @default 10 tries, pauses below 250 ms x 2^n and 10 s
   */
  readonly reconnect?: false | Partial<Backoff>;
  /** Milliseconds for the handshake. @default 10,000 */
  readonly connectTimeoutMs?: number;
  /** Timers and random numbers. @default those of Node or the browser */
  readonly platform?: Platform;
  /** @default the WebSocket of Node, or of the browser where a bundler builds for one */
  readonly openSocket?: OpenSocket;
}

export interface CallOptions {
  /** Aborting it rejects the call at once as `cancelled`, and cancels the syscall in the kernel. */
  readonly signal?: AbortSignal | undefined;
}

const RECONNECT: Backoff = { baseMs: 250, maxMs: 10_000, attempts: 10 };

/**
 * Connects one agent to a kernel and makes it a process.
 *
 * @throws SyscallError `invalid-params` for an invalid address, `unauthorized`, `forbidden`, `busy`, or
 * `disconnected` where there is no kernel: the first connection is not tried again
 */
export async function connect(options: ConnectOptions): Promise<Client> {
  const { url: urls, name, token, parent, tenant, reconnect, platform = realPlatform } = options;
  const targets = [urls].flat().map((url) => {
    if (!/^wss?:\/\/./.test(url) || !URL.canParse(url)) {
      throw new SyscallError('invalid-params', `url: expected ws:// or wss:// and a host, got "${url}"`);
    }
    return { url, ...(token === undefined ? {} : { token }) };
  });
  const link = await Link.open({
    targets,
    hello: async (last) => {
      // Its pid may be another one than at the hello before.
      const above = parent instanceof Client ? await parent.livePid() : (last?.parent ?? parent);
      return {
        protocol: PROTOCOL_VERSION,
        name,
        ...(above === undefined ? {} : { parent: above }),
        ...(tenant === undefined ? {} : { tenant }),
        ...(last === undefined ? {} : { was: last.pid }),
      };
    },
    backoff: reconnect === false ? undefined : { ...RECONNECT, ...reconnect },
    connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
    platform,
    openSocket: options.openSocket ?? openSocket,
  });
  return new Client(link, options);
}

/**
 * One process of a kernel. Every method rejects with SyscallError: `code`, `retryable`, and `retryAfterMs` where known.
 *
 * When the connection is lost, the next one is a new process with a new pid. Open calls go on in the kernel, and their answers come
 * over the next connection, streamed text without gap or repeat; without `reconnect` they end `disconnected`. A process that was
 * killed, whose token is refused or whose kernel has shut down does not come back.
 */
export class Client {
  readonly #link: Link;
  readonly #options: ConnectOptions;
  readonly #platform: Platform;
  #calls = 0;

  /** Use `connect`. @internal */
  constructor(link: Link, options: ConnectOptions) {
    this.#link = link;
    this.#options = options;
    this.#platform = options.platform ?? realPlatform;
  }

  get name(): string {
    return this.#options.name;
  }

  get pid(): Pid {
    return this.#link.hello.pid;
  }

  /** Its pid, as soon as it is connected. @throws SyscallError when it does not come back @internal */
  async livePid(): Promise<Pid> {
    await this.#link.connection();
    return this.pid;
  }

  /** Whether the process does not come back: it was killed, its token is refused, or its kernel has shut down. */
  get isEnded(): boolean {
    return this.#link.isEnded;
  }

  /** What the kernel said at the latest hello: policy, cores, limits. */
  get hello(): HelloReply {
    return this.#link.hello;
  }

  /** Has a model answer. `stream` has no use here: see the method of that name. */
  chat(params: ChatParams, { signal }: CallOptions = {}): Promise<ChatReply> {
    return new ChatCall(this.#connect, this.#withKey(params), { platform: this.#platform, signal }).reply;
  }

  /** Has a model answer and gives its text as it comes. */
  stream(params: ChatParams, { signal }: CallOptions = {}): ChatStream {
    const platform = this.#platform;
    const streamed = this.#withKey({ ...params, stream: true });
    return new ChatStream((onChunk) => new ChatCall(this.#connect, streamed, { platform, signal, onChunk }));
  }

  /**
   * A new connection for a child process: this one's options, this one as parent. A child whose connection is lost
   * comes back only as long as this process lives; where both were lost, it waits for its parent.
   */
  spawn(name: string): Promise<Client> {
    return connect({ ...this.#options, name, parent: this });
  }

  /** Ends an open syscall. @returns false when it had ended already */
  async cancel(syscallId: SyscallId): Promise<boolean> {
    return (await this.#call('syscall.cancel', { syscallId })).cancelled;
  }

  /** Ends a process and all that descend from it. @returns their pids */
  async kill(pid: Pid): Promise<readonly Pid[]> {
    return (await this.#call('agent.kill', { pid })).killed;
  }

  /**
   * Says how good an answer was, once: 0 is wrong, 1 is right.
   *
   * @param by who rates: a token that is a verifier or an operator may say so @default the agent; of answers of others what the token is
   * @throws SyscallError `not-found` where the kernel does not know the answer (any more), `invalid-params` where it was rated before,
   * `forbidden` for a rater that the token is not, `rate-limited`
   */
  async feedback(syscallId: SyscallId, quality: number, by?: Rater): Promise<void> {
    await this.#call('syscall.feedback', { syscallId, quality, ...(by === undefined ? {} : { by }) });
  }

  stats(): Promise<StatsReply> {
    return this.#call('kernel.stats', {});
  }

  async cores(): Promise<readonly CoreView[]> {
    return (await this.#call('kernel.cores', {})).cores;
  }

  /**
   * Processes and open syscalls: your own, or everyone's with the operator's token. Long lists come in pages: while a reply has
   * `next`, there are more processes after that pid.
   *
   * @param params `after`: the `next` of the page before; `explain`: an open syscall whose placement is to be explained
   */
  ps(params: PsParams = {}): Promise<PsReply> {
    return this.#call('kernel.ps', params);
  }

  /**
   * What the kernel does, live: a value each time that it has sent a view, the first one at once. A reader that is slow skips some.
   * One watch a connection.
   *
   * @throws SyscallError when the connection ends
   */
  async *watch(params: WatchParams): AsyncGenerator<WatchedKernel, never> {
    return yield* watch(await this.#link.connection(), params);
  }

  /** Ends the process; open calls end `cancelled`. Settles when the socket is closed. Idempotent. */
  close(): Promise<void> {
    return this.#link.close();
  }

  readonly #connect = () => this.#link.connection();

  /** A call with a key goes on when the connection is lost, and the next one asks for it again. */
  #withKey(params: ChatParams): ChatParams {
    if (this.#options.reconnect === false || params.idempotencyKey !== undefined) return params;
    const digits = () => this.#platform.random().toString(36).slice(2);
    return { ...params, idempotencyKey: `${this.pid}-${this.#calls++}-${digits()}${digits()}` };
  }

  async #call<M extends Method>(method: M, params: Params<M>): Promise<Result<M>> {
    return (await this.#link.connection()).request(method, params);
  }
}
