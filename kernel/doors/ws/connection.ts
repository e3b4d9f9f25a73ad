import { SyscallError } from '../../../syscalls/errors.js';
import type { RequestId } from '../../../syscalls/protocol.js';
import type { Millis } from '../../../syscalls/syscall.js';
import type { Clock } from '../../clock.js';
import type { KernelLimits } from '../../config/limits.js';
import type { Logger } from '../../log.js';
import type { Held } from '../../process/held.js';
import type { Principal } from '../../process/principal.js';
import type { RequestRate, RequestRates } from '../request-rates.js';
import type { Unfinished } from '../unfinished.js';
import { Asker, type Readable, type WorkTurns } from '../work-turns.js';
import { IncomingMessage } from './incoming-message.js';
import { isLongReply, LongReply } from './long-reply.js';
import { type Incoming, type Message, readMessage } from './read-message.js';
import type { Outbox, Outcome, Session } from './session.js';
import { type Corkable, type Corks, type SendingSocket, SocketOutbox } from './socket-outbox.js';

export interface ConnectionOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly limits: () => KernelLimits;
  readonly corks: Corks;
  readonly turns: WorkTurns;
  readonly rates: RequestRates;
  readonly held: Held;
  readonly unfinished: Unfinished;
  /** It has said hello. */
  readonly onKnown: () => void;
  readonly open: (principal: Principal, outbox: Outbox) => Session;
}

/** A WebSocket as a connection needs it. */
export interface AgentSocket extends SendingSocket, Readable {
  /** Ends it without a handshake, and lets go of what has come of a message. */
  terminate(): void;
}

/** A reply as JSON-RPC has it. */
type Reply = { readonly jsonrpc: '2.0'; readonly id: RequestId } & Outcome;

/** One WebSocket and its session: each request gets exactly one reply, whatever it is; a notification gets none, a batch one list. */
export class Connection {
  readonly principal: Principal;
  readonly outbox: SocketOutbox;
  readonly incoming: IncomingMessage;
  readonly #options: ConnectionOptions;
  readonly #session: Session;
  readonly #rate: RequestRate;
  readonly #asker: Asker;
  readonly #cancelTimer: () => void;
  #isKnown = false;

  constructor(principal: Principal, socket: AgentSocket, stream: Corkable, options: ConnectionOptions) {
    this.principal = principal;
    this.#options = options;
    const { clock, limits, corks, turns, rates, held, unfinished, open } = options;
    this.#rate = rates.of(principal);
    this.#asker = new Asker(socket);
    this.outbox = new SocketOutbox(socket, stream, {
      clock,
      limits,
      corks,
      held,
      owner: principal.name,
      behind: () => this.#session.behind,
      // Who does not read what was asked for is not asked for more.
      onSlow: () => turns.hold(this.#asker),
      onDrained: () => {
        turns.release(this.#asker);
        this.#session.drained();
      },
      onShut: () => {
        turns.drop(this.#asker);
        this.incoming.end();
        this.#session.close('lost');
      },
    });
    this.#session = open(principal, this.outbox);
    const isKnown = () => this.#session.isProcess;
    const onRefused = () => {
      this.outbox.shut('unfinished message');
      // Until the handshake were over, it would go on to grow.
      socket.terminate();
    };
    this.incoming = new IncomingMessage({ clock, limits, unfinished, isKnown, onRefused });
    // Who says nothing must not keep a socket from those who do.
    this.#cancelTimer = clock.after(limits().handshakeTimeoutMs, () => {
      if (!isKnown()) this.outbox.shut('no hello');
    });
  }

  /** So many bytes were read, after what they have made whole was handed on. */
  read(bytes: number): void {
    this.incoming.read(bytes);
    this.#options.turns.read(this.#asker, bytes);
  }

  /** Takes one message, now or when its turn comes. Never throws. */
  receive(data: Buffer, isBinary: boolean): void {
    this.incoming.whole();
    if (isBinary) this.outbox.shut('expected text');
    if (!this.outbox.open) return;
    const piece = { bytes: data.length, work: () => this.#serve(data) };
    if (this.#options.turns.take(this.#asker, piece)) this.outbox.shut('flood');
  }

  /** The socket is gone. Idempotent. @param how whether the agent has closed it */
  gone(how: 'closed' | 'lost'): void {
    this.#cancelTimer();
    this.incoming.end();
    this.#options.turns.drop(this.#asker);
    this.outbox.dispose();
    this.#session.close(how);
  }

  /** @returns 0: replies count when they are made */
  #serve(data: Buffer): Millis {
    // Each request of a batch counts, and so does what is no valid message.
    let waitMs = this.#rate.take();
    let message: Message;
    try {
      message = readMessage(data.toString(), this.#options.limits());
    } catch (error) {
      this.outbox.send(JSON.stringify(this.#refusal(null, error)));
      return 0;
    }
    const { isBatch, requests } = message;
    const replies = requests.map((request, n) => {
      if (n > 0) waitMs = this.#rate.take();
      return this.#replyTo(request, waitMs);
    });
    void this.#send(isBatch, replies);
    return 0;
  }

  /** A batch is answered when its last request is. */
  async #send(isBatch: boolean, waiting: readonly Promise<Reply | string | undefined>[]): Promise<void> {
    const replies = (await Promise.all(waiting)).filter((reply) => reply !== undefined);
    const [first] = replies;
    if (first === undefined) return;
    let size = 0;
    for (const reply of replies) size += sizeOf(reply);
    this.#options.turns.charge(this.#asker, size);
    if (isBatch) this.outbox.send(`[${replies.map(jsonOf)}]`);
    else this.outbox.send(typeof first === 'object' && isLongReply(first) ? new LongReply(first) : jsonOf(first), size);
  }

  /** The reply as JSON; as it is where it is long. Undefined for a notification. Never rejects. */
  async #replyTo(incoming: Incoming, waitMs: Millis): Promise<Reply | string | undefined> {
    const { id } = incoming;
    try {
      if (waitMs > 0) throw this.#overRate(waitMs);
      if ('fault' in incoming) throw incoming.fault;
      const outcome = await this.#session.handle(incoming.request);
      if (!this.#isKnown && this.#session.isProcess) this.#known();
      if ('result' in outcome && incoming.request.method !== 'llm.chat') this.#rate.listed(rowsOf(outcome.result));
      if (id === undefined) return undefined;
      const reply: Reply = { jsonrpc: '2.0', id, ...outcome };
      return isLongReply(reply) ? reply : JSON.stringify(reply);
    } catch (error) {
      return id === undefined ? undefined : this.#refusal(id ?? null, error);
    }
  }

  #known(): void {
    this.#isKnown = true;
    this.#cancelTimer();
    this.#options.onKnown();
  }

  #overRate(retryAfterMs: Millis): SyscallError {
    const { requestsPerSecond } = this.#options.limits();
    const message = `message: Expected at most ${requestsPerSecond} requests a second, got more`;
    return new SyscallError('rate-limited', message, { retryAfterMs });
  }

  #refusal(id: RequestId, thrown: unknown): Reply {
    let error = thrown;
    if (!(error instanceof SyscallError)) {
      this.#options.log.error({ err: thrown }, 'a request failed inside the kernel');
      error = new SyscallError('internal', 'The kernel failed to handle this request');
    }
    return { jsonrpc: '2.0', id, error: (error as SyscallError).toRpc() };
  }
}

/** Entries of the lists in a reply. */
function rowsOf(result: unknown): number {
  let rows = 0;
  for (const member of Object.values(result ?? {})) if (Array.isArray(member)) rows += member.length;
  return rows;
}

/** Characters of a reply beside its text, which are not many. */
const SIZE_OF_ANY = 500;

function jsonOf(reply: Reply | string): string {
  return typeof reply === 'string' ? reply : JSON.stringify(reply);
}

/** Characters that a reply will have, about. */
function sizeOf(reply: Reply | string): number {
  if (typeof reply === 'string') return reply.length;
  const { text } = (('result' in reply && reply.result) || {}) as { readonly text?: string };
  return SIZE_OF_ANY + (text?.length ?? 0);
}
