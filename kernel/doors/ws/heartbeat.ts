import type { Clock } from '../../clock.js';
import type { KernelLimits } from '../../config/limits.js';

/** A connection that can be asked whether it is still there. */
export interface Pingable {
  ping(): void;
  terminate(): void;
}

/** One connection's place in the heartbeat. */
export interface Pulse {
  readonly socket: Pingable;
  readonly group: Set<Pulse>;
  /** Pings in a row that nothing came after; set to 0 when the connection sends anything. */
  missed: number;
}

/** Groups that take turns, so that 10,000 pings are not sent in one go. */
const GROUPS = 16;

/** Pings every connection once in `heartbeatMs` and drops those that miss too many: one timer for all. */
export class Heartbeat {
  readonly #clock: Clock;
  readonly #limits: () => KernelLimits;
  readonly #groups = Array.from({ length: GROUPS }, () => new Set<Pulse>());
  #added = 0;
  #turn = 0;
  #cancelTimer: (() => void) | undefined;

  constructor(clock: Clock, limits: () => KernelLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** The first connection starts the timer. */
  add(socket: Pingable): Pulse {
    this.#cancelTimer ??= this.#next();
    const group = this.#groups[this.#added++ % GROUPS] as Set<Pulse>;
    const pulse = { socket, group, missed: 0 };
    group.add(pulse);
    return pulse;
  }

  remove(pulse: Pulse): void {
    pulse.group.delete(pulse);
  }

  stop(): void {
    this.#cancelTimer?.();
  }

  #next(): () => void {
    return this.#clock.after(this.#limits().heartbeatMs / GROUPS, () => {
      this.#beat(this.#groups[this.#turn++ % GROUPS] as Set<Pulse>);
      this.#cancelTimer = this.#next();
    });
  }

  #beat(group: Set<Pulse>): void {
    const { missedPings } = this.#limits();
    for (const pulse of group) {
      if (pulse.missed >= missedPings) pulse.socket.terminate();
      else {
        pulse.missed++;
        pulse.socket.ping();
      }
    }
  }
}
