import type { Notification, NotificationMethod } from '../../../syscalls/table.js';
import type { Clock } from '../../clock.js';
import type { KernelLimits } from '../../config/limits.js';
import type { EndReason } from '../../process/process-table.js';
import type { Outbox } from './session.js';

/** What an outbox needs of a WebSocket. */
export interface SendingSocket {
  /** Bytes that the operating system has not taken yet, those held by a cork too. */
  readonly bufferedAmount: number;
  send(text: string, written: () => void): void;
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
  /** The reader has caught up after `isSlow`. */
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
  killed: 4001,
} as const;
type ShutReason = keyof typeof SHUT;

/** The sending side of one connection: never holds more than the limit for a reader that does not keep up. */
export class SocketOutbox implements Outbox {
  readonly #socket: SendingSocket;
  readonly #stream: Corkable;
  readonly #options: OutboxOptions;
  #open = true;
  #corked = false;
  /** Set while the reader is slow. */
  #cancelSlowTimer: (() => void) | undefined;

  constructor(socket: SendingSocket, stream: Corkable, options: OutboxOptions) {
    this.#socket = socket;
    this.#stream = stream;
    this.#options = options;
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
    return this.#cancelSlowTimer !== undefined;
  }

  /** Closes as soon as the replies that the same event has caused are out. */
  close(reason: EndReason): void {
    this.#options.clock.after(0, () => this.shut(reason));
  }

  /** Sends one message, together with all others of this turn of the event loop. Dropped once the outbox is shut. */
  send(text: string): void {
    if (!this.#open) return;
    const { sendBufferBytes } = this.#options.limits();
    // Only what was there before counts, since one long reply does not make a slow reader.
    if (this.#socket.bufferedAmount > sendBufferBytes.close) {
      this.shut('slow reader');
      return;
    }
    if (!this.#corked) {
      this.#corked = true;
      this.#stream.cork();
      this.#options.corks.add(this);
    }
    this.#socket.send(text, this.#written);
    if (this.#socket.bufferedAmount > sendBufferBytes.slow) this.#watch();
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
    this.#cancelSlowTimer?.();
    this.#cancelSlowTimer = undefined;
  }

  #watch(): void {
    this.flush();
    const { clock, limits } = this.#options;
    const { sendBufferBytes, slowReaderMs } = limits();
    if (this.#cancelSlowTimer !== undefined || this.#socket.bufferedAmount <= sendBufferBytes.slow) return;
    this.#cancelSlowTimer = clock.after(slowReaderMs, () => this.shut('slow reader'));
  }

  /** One function for all messages, which the socket calls once a message is out. */
  readonly #written = () => {
    const { limits, onDrained } = this.#options;
    if (this.#cancelSlowTimer === undefined || this.#socket.bufferedAmount > limits().sendBufferBytes.slow) return;
    this.#cancelSlowTimer();
    this.#cancelSlowTimer = undefined;
    onDrained();
  };
}

/** Flushes the outboxes of all connections once a turn of the event loop: one system call for many messages. */
export class Corks {
  readonly #clock: Clock;
  #waiting: SocketOutbox[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(outbox: SocketOutbox): void {
    if (this.#waiting.push(outbox) === 1) this.#clock.after(0, this.#flush);
  }

  readonly #flush = () => {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const outbox of waiting) outbox.flush();
  };
}
