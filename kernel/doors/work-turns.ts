import type { Millis } from '../../syscalls/syscall.js';
import type { Clock } from '../clock.js';
import { IndexedHeap } from '../indexed-heap.js';

/** A source of work that can be left unread for a while. */
export interface Readable {
  pause(): void;
  resume(): void;
}

/** Work of all askers in one turn of the event loop; what is left waits for the next one. */
const TURN_MS = 4;
/** More than this are not valid: no request is so short that 64 KiB, read in one go, hold so many. */
const FLOOD = 2048;

/** What the queue sees of who asks. */
interface Line {
  readonly input: Readable;
  readonly waiting: number;
  isHeld: boolean;
  start: number;
  seq: number;
  serveNext(): Millis;
  clear(): void;
}

/** Who asks for work: one connection. Pieces of its work are done in order. */
export class Asker<Piece> implements Line {
  readonly input: Readable;
  readonly #serve: (piece: Piece) => Millis;
  #waiting: Piece[] = [];
  #served = 0;
  /** Not served for now, since it does not take what it has asked for. */
  isHeld = false;
  /** Where its next piece comes, on the scale of `WorkTurns`. */
  start = 0;
  /** Order among equals. */
  seq = 0;

  /** @param serve does a piece of work. Never throws. Returns the milliseconds of work that follow it later, as far as they are known */
  constructor(input: Readable, serve: (piece: Piece) => Millis) {
    this.input = input;
    this.#serve = serve;
  }

  get waiting(): number {
    return this.#waiting.length - this.#served;
  }

  add(piece: Piece): void {
    this.#waiting.push(piece);
  }

  serve(piece: Piece): Millis {
    return this.#serve(piece);
  }

  serveNext(): Millis {
    const piece = this.#waiting[this.#served++] as Piece;
    if (this.waiting === 0) this.clear();
    return this.#serve(piece);
  }

  clear(): void {
    this.#waiting = [];
    this.#served = 0;
  }
}

/**
 * Lets nobody keep the event loop to himself. Work is done at once while a turn of the loop has had little of it. After that it
 * waits, its connection is not read on, and the turns that follow serve by start-time fair queueing: next is the piece of who has
 * had least work, in milliseconds (Goyal, Vin and Cheng, SIGCOMM 1996). Who comes anew starts where the others are, so that one
 * piece of each of the others is before it at most.
 */
export class WorkTurns {
  readonly #clock: Clock;
  readonly #queue = new IndexedHeap<Line>((a, b) => a.start - b.start || a.seq - b.seq);
  #seq = 0;
  /** Start of the piece that is served now, on the scale of work done. */
  #at = 0;
  /** Where the work ends that went furthest: here all go on once nothing waits. */
  #last = 0;
  /** When this turn began to work; undefined before it does. */
  #began: Millis | undefined;
  /** Of this turn: work that follows later. */
  #later: Millis = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Work has come. It is done now, or when its turn comes.
   *
   * @returns whether the asker is one that only floods
   */
  take<Piece>(asker: Asker<Piece>, piece: Piece): boolean {
    const now = this.#clock.now();
    if (this.#began === undefined) this.#begin(now);
    if (asker.isHeld || asker.waiting > 0 || this.#queue.size > 0 || !this.#hasTime(now)) {
      this.#wait(asker, piece);
      return asker.waiting > FLOOD;
    }
    this.#charge(asker, now, asker.serve(piece));
    return false;
  }

  /** Nothing of an asker is done until `release`, and it is not read on. Idempotent. */
  hold(asker: Line): void {
    if (asker.isHeld) return;
    asker.isHeld = true;
    this.#queue.remove(asker);
    asker.input.pause();
  }

  /** It may go on. Idempotent. */
  release(asker: Line): void {
    if (!asker.isHeld) return;
    asker.isHeld = false;
    if (asker.waiting > 0) this.#enqueue(asker);
    else asker.input.resume();
  }

  /** It has gone: what waits is dropped. Idempotent. */
  drop(asker: Line): void {
    this.#queue.remove(asker);
    asker.clear();
    this.release(asker);
  }

  #begin(now: Millis): void {
    this.#began = now;
    this.#later = 0;
    this.#clock.after(0, this.#turn);
  }

  #hasTime(now: Millis): boolean {
    return now - (this.#began as Millis) + this.#later < TURN_MS;
  }

  #wait<Piece>(asker: Asker<Piece>, piece: Piece): void {
    asker.add(piece);
    if (asker.waiting > 1 || asker.isHeld) return;
    asker.input.pause();
    this.#enqueue(asker);
  }

  #enqueue(asker: Line): void {
    asker.start = Math.max(asker.start, this.#at);
    asker.seq = this.#seq++;
    this.#queue.add(asker);
    if (this.#began === undefined) this.#begin(this.#clock.now());
  }

  /** @param since when the asker's piece was begun @returns now */
  #charge(asker: Line, since: Millis, later: Millis): Millis {
    const now = this.#clock.now();
    this.#later += later;
    asker.start = Math.max(asker.start, this.#at) + now - since + later;
    this.#last = Math.max(this.#last, asker.start);
    return now;
  }

  readonly #turn = () => {
    this.#began = undefined;
    if (this.#queue.size === 0) {
      this.#at = this.#last;
      return;
    }
    let now = this.#clock.now();
    this.#begin(now);
    do {
      const asker = this.#queue.pop();
      if (asker === undefined) break;
      this.#at = asker.start;
      now = this.#charge(asker, now, asker.serveNext());
      if (asker.isHeld) continue;
      if (asker.waiting > 0) this.#enqueue(asker);
      else asker.input.resume();
    } while (this.#hasTime(now));
  };
}
