import type { Millis } from '../../syscalls/syscall.js';
import type { Clock } from '../clock.js';
import { IndexedHeap } from '../indexed-heap.js';

/** A source of work that can be left unread for a while. */
export interface Readable {
  pause(): void;
  resume(): void;
}

/** A piece of work: what has come in one message or one body. */
export interface Piece {
  readonly bytes: number;
  /** Never throws. @returns milliseconds of work that follow later, where they are known and many */
  work(): Millis;
}

/** Work of all askers in one turn of the event loop; what is left waits for the next one. */
const TURN_MS = 4;
/** Bytes that are read in one turn of all connections; beyond that each reads once more at most, and goes on in the next one. */
const BYTES_A_TURN = 2 ** 18;
/** What a piece costs beside its bytes: the smallest request takes about as long as so many bytes of a large one. */
const COST_OF_ANY = 1024;
/** A piece waits as if it were no larger: by its whole size a large one of few would wait until each of many had had as much. */
const MOST_WAIT = 2 ** 15;
/** More than this are not valid: no request is so short that 64 KiB, read in one go, hold so many. */
const FLOOD = 2048;

/** Who asks for work: one connection. Its pieces of work are done in order. */
export class Asker {
  readonly input: Readable;
  /** Not served for now, since it does not take what it has asked for. */
  isHeld = false;
  /** Where its next piece starts, on the scale of `WorkTurns`. */
  start = 0;
  /** Who has the least is next. */
  due = 0;
  /** Order among equals. */
  seq = 0;
  #waiting: Piece[] = [];
  #taken = 0;

  constructor(input: Readable) {
    this.input = input;
  }

  get waiting(): number {
    return this.#waiting.length - this.#taken;
  }

  add(piece: Piece): void {
    this.#waiting.push(piece);
  }

  /** The piece that comes next; there is one. */
  get head(): Piece {
    return this.#waiting[this.#taken] as Piece;
  }

  next(): Piece {
    const piece = this.#waiting[this.#taken++] as Piece;
    if (this.waiting === 0) this.clear();
    return piece;
  }

  clear(): void {
    this.#waiting = [];
    this.#taken = 0;
  }
}

/**
 * Lets nobody keep the event loop to himself. Work is done at once while a turn of the loop has had little of it. After that it
 * waits, its connection is not read on, and the turns that follow serve by start-time fair queueing: next is the piece of who has
 * had least, in bytes (Goyal, Vin and Cheng, SIGCOMM 1996). Who comes anew starts where the others are, so that one piece of each
 * of the others is before it at most; and a large piece, which holds up everybody, lets some small ones go first. Shares are not
 * measured in time: a pause of the garbage collector would be charged to the one who was served in it, and he would wait until
 * hundreds of others had had as much.
 */
export class WorkTurns {
  readonly #clock: Clock;
  readonly #queue = new IndexedHeap<Asker>((a, b) => a.due - b.due || a.seq - b.seq);
  #seq = 0;
  /** Start of the piece that is served now, on the scale of bytes served. */
  #at = 0;
  /** Where the work ends that went furthest: here all go on once nothing waits. */
  #last = 0;
  /** When this turn began to work; undefined before it does. */
  #began: Millis | undefined;
  /** Of this turn: work that follows later. */
  #later: Millis = 0;
  /** Bytes that were read in this turn, and who is not read on before the next one. */
  #bytes = 0;
  #unread: Asker[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Work has come. It is done now, or when its turn comes.
   *
   * @returns whether the asker is one that only floods
   */
  take(asker: Asker, piece: Piece): boolean {
    const now = this.#clock.now();
    if (this.#began === undefined) this.#begin(now);
    if (asker.isHeld || asker.waiting > 0 || this.#queue.size > 0 || !this.#hasTime(now)) {
      this.#wait(asker, piece);
      return asker.waiting > FLOOD;
    }
    asker.start = Math.max(asker.start, this.#at);
    this.#serve(asker, piece);
    return false;
  }

  /** So many bytes were read for an asker. Large messages of many would hold up everybody before there is any work. */
  read(asker: Asker, bytes: number): void {
    if (this.#began === undefined) this.#begin(this.#clock.now());
    this.#bytes += bytes;
    if (this.#bytes <= BYTES_A_TURN) return;
    asker.input.pause();
    this.#unread.push(asker);
  }

  /** What was done for an asker cost so many bytes more, such as a long reply. */
  charge(asker: Asker, bytes: number): void {
    // Its place in the queue is that of a piece that has come already.
    if (this.#queue.remove(asker)) this.#enqueue(asker, bytes);
    else asker.start = Math.max(asker.start, this.#at) + bytes;
    this.#last = Math.max(this.#last, asker.start);
  }

  /** Nothing of an asker is done until `release`, and it is not read on. Idempotent. */
  hold(asker: Asker): void {
    if (asker.isHeld) return;
    asker.isHeld = true;
    this.#queue.remove(asker);
    asker.input.pause();
  }

  /** It may go on. Idempotent. */
  release(asker: Asker): void {
    if (!asker.isHeld) return;
    asker.isHeld = false;
    if (asker.waiting > 0) this.#enqueue(asker);
    else asker.input.resume();
  }

  /** It has gone: what waits is dropped. Idempotent. */
  drop(asker: Asker): void {
    this.#queue.remove(asker);
    if (asker.waiting > 0 || asker.isHeld) asker.input.resume();
    asker.isHeld = false;
    asker.clear();
  }

  #begin(now: Millis): void {
    this.#began = now;
    this.#later = 0;
    this.#clock.after(0, this.#turn);
  }

  #hasTime(now: Millis): boolean {
    return now - (this.#began as Millis) + this.#later < TURN_MS;
  }

  #wait(asker: Asker, piece: Piece): void {
    asker.add(piece);
    if (asker.waiting > 1 || asker.isHeld) return;
    asker.input.pause();
    this.#enqueue(asker);
  }

  #enqueue(asker: Asker, more = 0): void {
    asker.start = Math.max(asker.start, this.#at) + more;
    asker.due = asker.start + Math.min(costOf(asker.head), MOST_WAIT);
    asker.seq = this.#seq++;
    this.#queue.add(asker);
    if (this.#began === undefined) this.#begin(this.#clock.now());
  }

  #serve(asker: Asker, piece: Piece): void {
    asker.start += costOf(piece);
    this.#last = Math.max(this.#last, asker.start);
    this.#later += piece.work();
  }

  #readOn(): void {
    this.#bytes = 0;
    if (this.#unread.length === 0) return;
    const unread = this.#unread;
    this.#unread = [];
    for (const asker of unread) if (!asker.isHeld && asker.waiting === 0) asker.input.resume();
  }

  readonly #turn = () => {
    this.#began = undefined;
    this.#readOn();
    if (this.#queue.size === 0) {
      this.#at = this.#last;
      return;
    }
    this.#begin(this.#clock.now());
    do {
      const asker = this.#queue.pop();
      if (asker === undefined) break;
      this.#at = Math.max(this.#at, asker.start);
      this.#serve(asker, asker.next());
      if (asker.isHeld) continue;
      if (asker.waiting > 0) this.#enqueue(asker);
      else asker.input.resume();
    } while (this.#hasTime(this.#clock.now()));
  };
}

function costOf({ bytes }: Piece): number {
  return bytes + COST_OF_ANY;
}
