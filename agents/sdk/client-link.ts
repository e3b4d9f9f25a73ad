import { SyscallError } from '../../syscalls/errors.js';
import type { HelloParams, HelloReply } from '../../syscalls/hello.js';
import { onAbort } from '../../syscalls/on-abort.js';
import { Connection } from './client-connection.js';
import type { OpenSocket, SocketTarget } from './client-socket.js';
import { type Backoff, type Platform, pause } from './platform.js';

export interface LinkOptions {
  /** One or more; they are tried in turn. */
  readonly targets: readonly SocketTarget[];
  /** What each connection begins with. @param last what the kernel said at the hello before; undefined at the first one */
  readonly hello: (last: HelloReply | undefined) => Promise<HelloParams>;
  /** `undefined`: a lost connection stays lost. */
  readonly backoff: Backoff | undefined;
  /** Milliseconds for the handshake and `agent.hello` together. */
  readonly connectTimeoutMs: number;
  readonly platform: Platform;
  readonly openSocket: OpenSocket;
}

interface Seat {
  readonly connection: Connection;
  readonly hello: HelloReply;
}

type LinkState =
  | { readonly status: 'up'; readonly seat: Seat }
  | { readonly status: 'down'; readonly next: Promise<Seat> }
  | { readonly status: 'ended'; readonly error: SyscallError };

/** Milliseconds that the closing handshake may take. */
const CLOSE_MS = 1000;

/** Full jitter: clients that lost their kernel together do not come back together. */
export function backoffMs({ baseMs, maxMs }: Backoff, attempt: number, random: number): number {
  return random * Math.min(maxMs, baseMs * 2 ** attempt);
}

/**
 * Keeps one process connected: when its connection is lost, it makes the next one, which is a new process. An error that
 * no retry can help ends it for good, and so does a kernel that shuts down.
 */
export class Link {
  readonly #options: LinkOptions;
  readonly #closing = new AbortController();
  #state: LinkState;
  /** What the kernel said at the latest hello. */
  #hello: HelloReply;

  private constructor(options: LinkOptions, seat: Seat) {
    this.#options = options;
    this.#hello = seat.hello;
    this.#state = this.#up(seat);
  }

  /** Tries each target once: the last failure is thrown. @throws SyscallError */
  static async open(options: LinkOptions): Promise<Link> {
    return new Link(options, await dialAny(options, undefined, new AbortController().signal));
  }

  get hello(): HelloReply {
    return this.#hello;
  }

  /** Whether there will be no connection any more. */
  get isEnded(): boolean {
    return this.#state.status === 'ended';
  }

  /** The connection, as soon as there is one. @throws SyscallError when there will be none */
  async connection(): Promise<Connection> {
    if (this.#state.status === 'ended') throw this.#state.error;
    return this.#state.status === 'up' ? this.#state.seat.connection : (await this.#state.next).connection;
  }

  /** Open requests end `cancelled`. Settles when the socket is closed. Idempotent. */
  async close(): Promise<void> {
    const error = new SyscallError('cancelled', 'The client was closed');
    this.#closing.abort(error);
    if (this.#state.status === 'down') await this.#state.next.catch(() => {});
    if (this.#state.status !== 'up') return;
    const { connection } = this.#state.seat;
    connection.close(error);
    const cancel = this.#options.platform.after(CLOSE_MS, () => connection.cut(error));
    await connection.ended;
    cancel();
  }

  #up(seat: Seat): LinkState {
    this.#hello = seat.hello;
    seat.connection.ended.then((error) => this.#lost(error));
    return { status: 'up', seat };
  }

  #lost(error: SyscallError): void {
    const { backoff } = this.#options;
    if (backoff === undefined || !error.retryable) {
      this.#state = { status: 'ended', error };
      return;
    }
    const next = this.#redial(backoff);
    this.#state = { status: 'down', next };
    next.then(
      (seat) => {
        this.#state = this.#up(seat);
      },
      (thrown) => {
        this.#state = { status: 'ended', error: SyscallError.from(thrown) };
      },
    );
  }

  async #redial(backoff: Backoff): Promise<Seat> {
    const { platform } = this.#options;
    const { signal } = this.#closing;
    let failed = new SyscallError('disconnected', 'The connection was lost');
    for (let attempt = 0; attempt < backoff.attempts; attempt++) {
      const delay = Math.max(failed.retryAfterMs ?? 0, backoffMs(backoff, attempt, platform.random()));
      await pause(platform, delay, signal);
      try {
        return await dialAny(this.#options, this.#hello, signal);
      } catch (thrown) {
        failed = SyscallError.from(thrown);
        if (!failed.retryable) throw failed;
      }
    }
    throw failed;
  }
}

/** A connection to the first target that takes one. An error that no retry can help ends the search. */
async function dialAny(options: LinkOptions, last: HelloReply | undefined, signal: AbortSignal): Promise<Seat> {
  const hello = await unlessAborted(options.hello(last), signal);
  let failed: unknown;
  for (const target of options.targets) {
    try {
      return await dial(target, options, hello, signal);
    } catch (thrown) {
      if (!SyscallError.from(thrown).retryable) throw thrown;
      failed = thrown;
    }
  }
  throw failed;
}

/** One connection that has said hello. `signal` cuts it before that. */
async function dial(
  target: SocketTarget,
  options: LinkOptions,
  hello: HelloParams,
  signal: AbortSignal,
): Promise<Seat> {
  const { openSocket, platform, connectTimeoutMs } = options;
  signal.throwIfAborted();
  const connection = new Connection(openSocket, target);
  const cut = () => connection.cut(SyscallError.from(signal.reason));
  const stopListening = onAbort(signal, cut);
  const cancelTimer = platform.after(connectTimeoutMs, () => {
    connection.cut(new SyscallError('disconnected', `${target.url}: no answer within ${connectTimeoutMs} ms`));
  });
  try {
    await connection.opened;
    return { connection, hello: await connection.hello(hello) };
  } catch (thrown) {
    const error = SyscallError.from(thrown);
    connection.cut(error);
    throw error;
  } finally {
    cancelTimer();
    stopListening();
  }
}

/** As the promise settles. @throws the signal's reason when it is aborted before */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stopListening = onAbort(signal, () => reject(signal.reason));
    if (signal.aborted) reject(signal.reason);
    promise.then(resolve, reject).finally(stopListening);
  });
}
