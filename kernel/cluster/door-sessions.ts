import type { Millis } from '../../syscalls/syscall.js';
import type { Clock } from '../clock.js';
import type { KernelGate } from '../gate.js';
import type { Logger } from '../log.js';
import type { Principal } from '../process/principal.js';
import type { Bus } from './bus.js';
import { DoorSession } from './door-session.js';
import { BEAT_MS, type FromDoor, type FromSeat, TO_ALL, type ToAll, toNode } from './messages.js';

export interface SeatKernel {
  readonly gate: KernelGate;
  /** All that a principal may see, as JSON. */
  readonly snapshot: (scope: Principal) => string;
}

interface DoorSessionsDeps extends SeatKernel {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Logger;
  readonly node: string;
  readonly epoch: number;
  /** A door that was not heard for so long is gone. */
  readonly goneMs: Millis;
}

interface Known {
  readonly session: DoorSession;
  heardAt: Millis;
}

/** All doors of the cluster, while this node holds the seat. */
export class DoorSessions {
  readonly #deps: DoorSessionsDeps;
  readonly #doors = new Map<string, Known>();
  #cancelTimer = () => {};

  constructor(deps: DoorSessionsDeps) {
    this.#deps = deps;
    this.#beat();
  }

  /** Open connections of all doors. */
  get connections(): number {
    return [...this.#doors.values()].reduce((sum, { session }) => sum + session.connections, 0);
  }

  take(message: FromDoor): void {
    const { bus, clock, log, gate, snapshot } = this.#deps;
    const { door, session } = message;
    let known = this.#doors.get(door);
    if (known === undefined && message.kind === 'begin') {
      const send = (message: FromSeat) => bus.send<FromSeat>(toNode(door), message);
      known = { session: new DoorSession({ gate, snapshot, send }), heardAt: clock.now() };
      this.#doors.set(door, known);
      log.info({ door }, 'a door of the cluster has come');
    }
    if (known !== undefined) known.heardAt = clock.now();
    if (known?.session.take(message) === true) return;
    bus.send<FromSeat>(toNode(door), { session, seq: -1, kind: 'unknown' });
  }

  /** Doors hear nothing more from here. Idempotent. */
  close(): void {
    this.#cancelTimer();
    for (const { session } of this.#doors.values()) session.mute();
    this.#doors.clear();
  }

  #beat(): void {
    const { bus, clock, log, node, epoch, goneMs } = this.#deps;
    bus.send<ToAll>(TO_ALL, { type: 'seat', node, epoch });
    for (const [door, { session, heardAt }] of this.#doors) {
      if (clock.now() - heardAt <= goneMs) session.beat();
      else {
        this.#doors.delete(door);
        log.warn({ door }, 'a door of the cluster is gone');
        session.close();
      }
    }
    this.#cancelTimer = clock.after(BEAT_MS, () => this.#beat());
  }
}
