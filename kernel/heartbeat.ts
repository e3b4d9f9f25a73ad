import type { WebSocket } from 'ws';
import type { Clock } from './clock.js';
import type { KernelLimits } from './config-limits.js';

/** Pings every connection at intervals, all with one timer, and cuts those that have stopped answering. */
export class Heartbeat {
  readonly #clock: Clock;
  readonly #limits: () => KernelLimits;
  /** Pings that each connection has not answered. */
  readonly #missed = new Map<WebSocket, number>();
  #cancelTimer: () => void;

  constructor(clock: Clock, limits: () => KernelLimits) {
    this.#clock = clock;
    this.#limits = limits;
    this.#cancelTimer = this.#arm();
  }

  add(socket: WebSocket): void {
    this.#missed.set(socket, 0);
    socket.on('pong', () => {
      if (this.#missed.has(socket)) this.#missed.set(socket, 0);
    });
  }

  remove(socket: WebSocket): void {
    this.#missed.delete(socket);
  }

  stop(): void {
    this.#cancelTimer();
  }

  #arm(): () => void {
    return this.#clock.after(this.#limits().heartbeatMs, () => {
      for (const [socket, missed] of this.#missed) {
        if (missed >= this.#limits().missedPings) {
          socket.terminate();
          continue;
        }
        this.#missed.set(socket, missed + 1);
        socket.ping();
      }
      this.#cancelTimer = this.#arm();
    });
  }
}
