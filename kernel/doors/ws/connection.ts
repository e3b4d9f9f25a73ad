import { SyscallError } from '../../../syscalls/errors.js';
import type { RequestId } from '../../../syscalls/protocol.js';
import type { Millis } from '../../../syscalls/syscall.js';
import type { Clock } from '../../clock.js';
import type { KernelLimits } from '../../config/limits.js';
import type { Logger } from '../../log.js';
import type { Principal } from '../../process/principal.js';
import { TokenBucket } from '../token-bucket.js';
import { type Incoming, type Message, readMessage } from './read-message.js';
import type { Outbox, Session } from './session.js';
import { type Corkable, type Corks, type SendingSocket, SocketOutbox } from './socket-outbox.js';

export interface ConnectionOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly limits: () => KernelLimits;
  readonly corks: Corks;
  readonly open: (principal: Principal, outbox: Outbox) => Session;
}

/** One WebSocket and its session: each request gets exactly one reply, whatever it is; a notification gets none, a batch one list. */
export class Connection {
  readonly principal: Principal;
  readonly outbox: SocketOutbox;
  readonly #options: ConnectionOptions;
  readonly #session: Session;
  readonly #bucket = new TokenBucket();
  readonly #cancelTimer: () => void;

  constructor(principal: Principal, socket: SendingSocket, stream: Corkable, options: ConnectionOptions) {
    this.principal = principal;
    this.#options = options;
    const { clock, limits, corks, open } = options;
    this.outbox = new SocketOutbox(socket, stream, {
      clock,
      limits,
      corks,
      onDrained: () => this.#session.drained(),
      onShut: () => this.#session.close('lost'),
    });
    this.#session = open(principal, this.outbox);
    // Who says nothing must not keep a socket from those who do.
    this.#cancelTimer = clock.after(limits().handshakeTimeoutMs, () => {
      if (!this.#session.isProcess) this.outbox.shut('no hello');
    });
  }

  /** Takes one message. Never throws. @returns how many requests it held, at least one */
  receive(data: Buffer, isBinary: boolean): number {
    if (isBinary) this.outbox.shut('expected text');
    return this.outbox.open ? this.#receive(data.toString()) : 1;
  }

  /** The socket is gone. Idempotent. @param how whether the agent has closed it */
  gone(how: 'closed' | 'lost'): void {
    this.#cancelTimer();
    this.outbox.dispose();
    this.#session.close(how);
  }

  #receive(text: string): number {
    // Each request of a batch counts, and so does what is no valid message.
    let waitMs = this.#take();
    let message: Message;
    try {
      message = readMessage(text, this.#options.limits());
    } catch (error) {
      this.outbox.send(this.#refusal(null, error));
      return 1;
    }
    const { isBatch, requests } = message;
    const replies = requests.map((request, n) => {
      if (n > 0) waitMs = this.#take();
      return this.#replyTo(request, waitMs);
    });
    void this.#send(isBatch, replies);
    return requests.length;
  }

  /** @returns the milliseconds until there is a request left; 0 when one was taken */
  #take(): Millis {
    const { clock, limits } = this.#options;
    return this.#bucket.take(clock.now(), limits().requestsPerSecond);
  }

  /** A batch is answered when its last request is. */
  async #send(isBatch: boolean, replies: readonly Promise<string | undefined>[]): Promise<void> {
    const texts = (await Promise.all(replies)).filter((text) => text !== undefined);
    if (texts.length === 0) return;
    const text = texts.join(',');
    this.outbox.send(isBatch ? `[${text}]` : text);
  }

  /** The reply as JSON; undefined for a notification. Never rejects. */
  async #replyTo(incoming: Incoming, waitMs: Millis): Promise<string | undefined> {
    const { id } = incoming;
    try {
      if (waitMs > 0) throw this.#overRate(waitMs);
      if ('fault' in incoming) throw incoming.fault;
      const outcome = await this.#session.handle(incoming.request);
      return id === undefined ? undefined : JSON.stringify({ jsonrpc: '2.0', id, ...outcome });
    } catch (error) {
      const refusal = this.#refusal(id ?? null, error);
      return id === undefined ? undefined : refusal;
    }
  }

  #overRate(retryAfterMs: Millis): SyscallError {
    const { requestsPerSecond } = this.#options.limits();
    const message = `message: Expected at most ${requestsPerSecond} requests a second, got more`;
    return new SyscallError('rate-limited', message, { retryAfterMs });
  }

  #refusal(id: RequestId, thrown: unknown): string {
    let error = thrown;
    if (!(error instanceof SyscallError)) {
      this.#options.log.error({ err: thrown }, 'a request failed inside the kernel');
      error = new SyscallError('internal', 'The kernel failed to handle this request');
    }
    return JSON.stringify({ jsonrpc: '2.0', id, error: (error as SyscallError).toRpc() });
  }
}
