import type { Notification, NotificationMethod } from '../../../syscalls/table.js';
import type { Clock } from '../../clock.js';
import type { KernelLimits } from '../../config/limits.js';
import type { Held } from '../../process/held.js';
import type { EndReason } from '../../process/process-table.js';
import { type Content, SendQueue, type Wire } from '../send-queue.js';
import type { Outbox } from './session.js';

/** What an outbox needs of a WebSocket. */
export interface SendingSocket {
  /** Bytes that the operating system has not taken yet, those held by a cork too. */
  readonly bufferedAmount: number;
  /** @param options.fin whether the text ends a message */
  send(text: string, options: { readonly fin: boolean }, written: () => void): void;
  close(code: number, reason: string): void;
}

/** What it needs of the byte stream below. */
export interface Corkable {
  cork(): void;
  uncork(): void;
}

export interface OutboxOptions {
  readonly clock: Clock;
  readonly limits: () => KernelLimits;
  /** Gathers outboxes that hold something back, to flush them all in one go. */
  readonly corks: Corks;
  /** Counts what waits. */
  readonly held: Held;
  /** Name of the token. */
  readonly owner: string;
  /** As of `SendQueue`. */
  readonly behind: () => number;
  /** The reader does not keep up. */
  readonly onSlow: () => void;
  /** It has caught up. */
  readonly onDrained: () => void;
  /** Nothing goes out any more. */
  readonly onShut: () => void;
}

/** Why a connection is closed from this side: the WebSocket's code and reason. */
const SHUT = {
  draining: 1001,
  'expected text': 1003,
  flood: 1008,
  'no hello': 1008,
  'token revoked': 1008,
  'slow reader': 1013,
  'unfinished message': 1013,
  killed: 4001,
} as const;
type ShutReason = keyof typeof SHUT;

/** The sending side of one connection. */
export class SocketOutbox implements Outbox, Wire {
  readonly #socket: SendingSocket;
  readonly #stream: Corkable;
  readonly #options: OutboxOptions;
  readonly #queue: SendQueue;
  #open = true;
  #corked = false;

  constructor(socket: SendingSocket, stream: Corkable, options: OutboxOptions) {
    this.#socket = socket;
    this.#stream = stream;
    this.#options = options;
    const { clock, limits, held, owner, behind, onSlow, onDrained } = options;
    const onStopped = () => this.shut('slow reader');
    this.#queue = new SendQueue({ clock, limits, held, owner, wire: this, behind, onSlow, onDrained, onStopped });
  }

  /** Nothing is sent any more once it is false. */
  get open(): boolean {
    return this.#open;
  }

  notify({ method, params }: Notification): void {
    this.send(JSON.stringify({ jsonrpc: '2.0', method, params }));
  }

  notifyJson(method: NotificationMethod, json: string): void {
    this.send(`{"jsonrpc":"2.0","method":"${method}","params":${json}}`);
  }

  isSlow(): boolean {
    return this.#queue.isSlow;
  }

  /** Closes as soon as the replies that the same event has caused are out. */
  close(reason: EndReason): void {
    this.#options.clock.after(0, () => this.shut(reason));
  }

  /** Sends one message, together with all others of this turn of the event loop. Dropped once the outbox is shut. @param size as of `SendQueue.send` */
  send(message: Content, size?: number): void {
    if (this.#open) this.#queue.send(message, size);
  }

  get buffered(): number {
    return this.#socket.bufferedAmount;
  }

  write(piece: string, isLast: boolean, written: () => void): void {
    if (!this.#corked) {
      this.#corked = true;
      this.#stream.cork();
      this.#options.corks.add(this);
    }
    this.#socket.send(piece, { fin: isLast }, written);
  }

  /** Hands everything that was gathered to the operating system. */
  flush(): void {
    if (!this.#corked) return;
    this.#corked = false;
    this.#stream.uncork();
  }

  /** Says why and closes; the rest of the messages is dropped. Idempotent. */
  shut(reason: ShutReason): void {
    if (!this.#open) return;
    this.flush();
    this.#socket.close(SHUT[reason], reason);
    this.dispose();
    this.#options.onShut();
  }

  /** The socket is gone. Idempotent. */
  dispose(): void {
    this.#open = false;
    this.#queue.close();
  }
}

/**
 * Flushes the outboxes of all connections together: one system call for many messages. That is after the next turn of the event
 * loop, so that a reply that is ready at once goes out with what was said of its acceptance.
 */
export class Corks {
  readonly #clock: Clock;
  #waiting: SocketOutbox[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(outbox: SocketOutbox): void {
    if (this.#waiting.push(outbox) === 1) this.#clock.after(0, () => this.#clock.after(0, this.#flush));
  }

  readonly #flush = () => {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const outbox of waiting) outbox.flush();
  };
}
