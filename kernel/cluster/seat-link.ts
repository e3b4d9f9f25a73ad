import type { Millis } from '../../syscalls/syscall.js';
import type { Clock } from '../clock.js';
import type { Bus } from './bus.js';
import { type Answered, type Asked, BEAT_MS, type FromSeat, TO_SEAT, type ToSeat, toNode } from './messages.js';

/** A seat that was not heard for so many beats may be gone. */
const GONE_BEATS = 4;

interface SeatLinkDeps {
  readonly bus: Bus;
  readonly clock: Clock;
  /** Unique name of this node. */
  readonly node: string;
  /** Whether the store can be reached. */
  readonly isUp: () => boolean;
  /** Open connections of this node. */
  readonly connections: () => number;
}

/** The way of one node to the seat, wherever that is: numbered messages in sessions, so that nothing is lost unnoticed. */
export class SeatLink {
  readonly #deps: SeatLinkDeps;
  #onBegin: () => void = () => {};
  #onAnswer: (message: Answered) => void = () => {};
  /** Of the seat that is known, 0: none is. */
  #epoch = 0;
  #isHeld = false;
  #session = 0;
  #sent = 0;
  #expected = 0;
  #heardAt: Millis = 0;
  #cancelTimer = () => {};

  constructor(deps: SeatLinkDeps) {
    this.#deps = deps;
  }

  get isUp(): boolean {
    return this.#deps.isUp();
  }

  /** Whether a node holds the seat, as far as is known. */
  get isHeld(): boolean {
    return this.#isHeld && this.#deps.clock.now() - this.#heardAt < GONE_BEATS * BEAT_MS;
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** Receives word that a session begins: `begin` is to be sent, and all that is open. */
  onBegin(run: () => void): void {
    this.#onBegin = run;
  }

  onAnswer(take: (message: Answered) => void): void {
    this.#onAnswer = take;
  }

  async open(): Promise<void> {
    const { bus, node } = this.#deps;
    await bus.listen<FromSeat>(toNode(node), (message) => this.#take(message), 'this');
    bus.onGap(() => this.#begin());
    this.#beat();
  }

  /** A node says that it holds the seat. */
  heard(epoch: number): void {
    if (epoch < this.#epoch) return;
    const isNew = epoch > this.#epoch || !this.#isHeld;
    this.#epoch = epoch;
    this.#isHeld = true;
    this.#heardAt = this.#deps.clock.now();
    if (isNew) this.#begin();
  }

  /** Nobody holds it for now: what is sent waits for the next session. */
  left(): void {
    this.#isHeld = false;
  }

  send(asked: Asked): void {
    if (!this.#isHeld) return;
    const { bus, node } = this.#deps;
    const message = { type: 'door' as const, door: node, session: this.#session, seq: this.#sent++, ...asked };
    bus.send<ToSeat>(TO_SEAT, message);
  }

  close(): void {
    this.#cancelTimer();
  }

  #begin(): void {
    if (!this.#isHeld) return;
    this.#session++;
    this.#sent = 0;
    this.#expected = 0;
    this.#onBegin();
  }

  #take({ session, seq, ...message }: FromSeat): void {
    if (session !== this.#session) return;
    const isLost = message.kind === 'unknown' || seq !== this.#expected;
    if (!isLost) {
      this.#expected++;
      this.#onAnswer(message);
    } else this.#begin();
  }

  #beat(): void {
    this.send({ kind: 'beat', connections: this.#deps.connections() });
    this.#cancelTimer = this.#deps.clock.after(BEAT_MS, () => this.#beat());
  }
}
