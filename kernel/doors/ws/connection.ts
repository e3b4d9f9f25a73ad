import { SyscallError } from '../../../syscalls/errors.js';
import { describeIssue, type RequestId, rpcRequest } from '../../../syscalls/protocol.js';
import type { Clock } from '../../clock.js';
import type { KernelLimits } from '../../config/limits.js';
import type { Logger } from '../../log.js';
import type { Principal } from '../../process/principal.js';
import { parseJson } from './parse-json.js';
import type { Outbox, RpcCall, Session } from './session.js';
import { type Corkable, type Corks, type SendingSocket, SocketOutbox } from './socket-outbox.js';
import { TokenBucket } from './token-bucket.js';

export interface ConnectionOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly limits: () => KernelLimits;
  readonly corks: Corks;
  readonly open: (principal: Principal, outbox: Outbox) => Session;
}

/** One WebSocket and its session: each message in gets exactly one reply out, whatever the message is. */
export class Connection {
  readonly principal: Principal;
  readonly outbox: SocketOutbox;
  readonly #options: ConnectionOptions;
  readonly #session: Session;
  readonly #bucket = new TokenBucket();

  constructor(principal: Principal, socket: SendingSocket, stream: Corkable, options: ConnectionOptions) {
    this.principal = principal;
    this.#options = options;
    const { clock, limits, corks, open } = options;
    this.outbox = new SocketOutbox(socket, stream, {
      clock,
      limits,
      corks,
      onDrained: () => this.#session.drained(),
      onShut: () => this.#session.close(),
    });
    this.#session = open(principal, this.outbox);
  }

  /** Takes one message. Never throws. */
  receive(data: Buffer, isBinary: boolean): void {
    if (isBinary) this.outbox.shut('expected text');
    if (this.outbox.open) this.#receive(data.toString());
  }

  /** The socket is gone. Idempotent. */
  gone(): void {
    this.outbox.dispose();
    this.#session.close();
  }

  #receive(text: string): void {
    let id: RequestId | null = null;
    try {
      const { clock, limits } = this.#options;
      const bounds = limits();
      const { requestsPerSecond } = bounds;
      const retryAfterMs = this.#bucket.take(clock.now(), requestsPerSecond);
      const input = parseJson(text, bounds);
      id = idOf(input);
      if (retryAfterMs > 0) {
        const message = `message: Expected at most ${requestsPerSecond} requests a second, got more`;
        throw new SyscallError('rate-limited', message, { retryAfterMs });
      }
      const request = rpcRequest.safeParse(input);
      if (!request.success) {
        throw new SyscallError('invalid-request', describeIssue(request.error, input, 'message'));
      }
      void this.#handle(request.data);
    } catch (error) {
      this.#refuse(id, error);
    }
  }

  async #handle(request: RpcCall): Promise<void> {
    try {
      this.outbox.send(JSON.stringify(await this.#session.handle(request)));
    } catch (error) {
      this.#refuse(request.id, error);
    }
  }

  #refuse(id: RequestId | null, thrown: unknown): void {
    let error = thrown;
    if (!(error instanceof SyscallError)) {
      this.#options.log.error({ err: thrown }, 'a request failed inside the kernel');
      error = new SyscallError('internal', 'The kernel failed to handle this request');
    }
    this.outbox.send(JSON.stringify({ jsonrpc: '2.0', id, error: (error as SyscallError).toRpc() }));
  }
}

/** The id of a message that may not be a valid request, so that its sender can tell which one was refused. */
function idOf(input: unknown): RequestId | null {
  if (typeof input !== 'object' || input === null || !Object.hasOwn(input, 'id')) return null;
  const { id } = input as { readonly id: unknown };
  return rpcRequest.shape.id.safeParse(id).data ?? null;
}
