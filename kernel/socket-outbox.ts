import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { Millis } from '../syscalls/syscall.js';
import type { Notification } from '../syscalls/table.js';
import type { Clock } from './clock.js';
import type { KernelLimits } from './config-limits.js';
import type { Outbox, Session } from './session.js';

/** WebSocket close codes: 1000 to 1015 are RFC 6455's, 4000 and up an application's own. */
export const CLOSE = {
  goingAway: 1001,
  unsupportedData: 1003,
  tryAgainLater: 1013,
  killed: 4001,
  revoked: 4003,
} as const;

/** How often a slow connection is looked at, milliseconds. */
const SLOW_CHECK_MS = 50;

/** What goes out on one socket: gathered into few writes, and bounded when the reader is slow. */
export class SocketOutbox implements Outbox {
  readonly #socket: WebSocket;
  readonly #raw: Socket;
  readonly #clock: Clock;
  readonly #limits: () => KernelLimits;
  #corked = false;
  #slowSince: Millis | undefined;

  /** Set once, before anything is sent. */
  session: Session | undefined;

  constructor(socket: WebSocket, raw: Socket, clock: Clock, limits: () => KernelLimits) {
    this.#socket = socket;
    this.#raw = raw;
    this.#clock = clock;
    this.#limits = limits;
  }

  notify({ method, params }: Notification): void {
    this.send({ jsonrpc: '2.0', method, params });
  }

  /** One message. Those of one turn of the event loop leave in one write. */
  send(message: object): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (!this.#corked) {
      this.#corked = true;
      this.#raw.cork();
      this.#clock.after(0, () => {
        this.#corked = false;
        this.#raw.uncork();
      });
    }
    this.#socket.send(JSON.stringify(message));
    this.#watch();
  }

  isSlow(): boolean {
    return this.#slowSince !== undefined;
  }

  close(reason: 'killed' | 'draining'): void {
    this.hangUp(reason === 'killed' ? CLOSE.killed : CLOSE.goingAway, reason);
  }

  hangUp(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }

  #watch(): void {
    const { sendBufferBytes } = this.#limits();
    const { bufferedAmount } = this.#socket;
    if (bufferedAmount > sendBufferBytes.close) this.#giveUp();
    else if (this.#slowSince === undefined && bufferedAmount > sendBufferBytes.slow) {
      this.#slowSince = this.#clock.now();
      this.#recheck();
    }
  }

  #recheck(): void {
    this.#clock.after(SLOW_CHECK_MS, () => {
      if (this.#slowSince === undefined || this.#socket.readyState !== this.#socket.OPEN) return;
      const { sendBufferBytes, slowReaderMs } = this.#limits();
      if (this.#socket.bufferedAmount <= sendBufferBytes.slow) {
        this.#slowSince = undefined;
        this.session?.drained();
      } else if (this.#clock.now() - this.#slowSince > slowReaderMs) this.#giveUp();
      else this.#recheck();
    });
  }

  /** The close frame waits behind what the reader does not take; without an answer to it the connection is cut. */
  #giveUp(): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.hangUp(CLOSE.tryAgainLater, 'reads too slowly');
    this.#clock.after(1000, () => this.#socket.terminate());
  }
}
