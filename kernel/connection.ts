import { SyscallError } from '../syscalls/errors.js';
import { describeIssue, rpcRequest } from '../syscalls/protocol.js';
import type { Clock } from './clock.js';
import type { KernelLimits } from './config-limits.js';
import { decodeJson } from './json-guard.js';
import type { Logger } from './log.js';
import { RateBucket } from './rate-bucket.js';
import type { Session } from './session.js';
import type { SocketOutbox } from './socket-outbox.js';

/** What arrives on one socket, turned into requests; every message gets exactly one reply. */
export class Connection {
  readonly #session: Session;
  readonly #outbox: SocketOutbox;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #limits: () => KernelLimits;
  readonly #bucket: RateBucket;

  constructor(deps: {
    readonly session: Session;
    readonly outbox: SocketOutbox;
    readonly clock: Clock;
    readonly log: Logger;
    readonly limits: () => KernelLimits;
  }) {
    this.#session = deps.session;
    this.#outbox = deps.outbox;
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#limits = deps.limits;
    this.#bucket = new RateBucket(deps.limits().requestsPerSecond, deps.clock.now());
  }

  receive(text: string): void {
    const limits = this.#limits();
    let message: unknown;
    try {
      const retryAfterMs = this.#bucket.take(limits.requestsPerSecond, this.#clock.now());
      message = decodeJson(text, limits.maxMessageDepth);
      if (retryAfterMs > 0) {
        const rule = `requestsPerSecond: at most ${limits.requestsPerSecond} requests a second`;
        throw new SyscallError('rate-limited', rule, { retryAfterMs });
      }
      const request = rpcRequest.safeParse(message);
      if (!request.success) {
        throw new SyscallError('invalid-request', describeIssue(request.error, message, 'message'));
      }
      this.#session.handle(request.data).then(
        (reply) => this.#outbox.send(reply),
        (error: unknown) => this.#refuse(error, message),
      );
    } catch (error) {
      this.#refuse(error, message);
    }
  }

  #refuse(thrown: unknown, message: unknown): void {
    if (!(thrown instanceof SyscallError)) this.#log.error({ err: thrown }, 'a message could not be handled');
    const error = thrown instanceof SyscallError ? thrown : new SyscallError('internal', 'The kernel failed');
    this.#outbox.send({ jsonrpc: '2.0', id: idOf(message), error: error.toRpc() });
  }
}

/** The id of a message that may be anything: null where it has none, as JSON-RPC asks for. */
function idOf(message: unknown): string | number | null {
  const id = typeof message === 'object' && message !== null && 'id' in message ? message.id : null;
  return typeof id === 'number' || (typeof id === 'string' && id.length <= 128) ? id : null;
}
