import type { Millis } from '../../syscalls/syscall.js';
import type { Clock } from '../clock.js';
import type { KernelLimits } from '../config/limits.js';
import type { Held, Unread } from '../process/held.js';
import { PIECE, piecesOf } from './pieces.js';

/** Where bytes go out. */
export interface Wire {
  /** Bytes that it was given and the operating system has not taken yet. */
  readonly buffered: number;
  /** @param isLast whether the piece ends a message @param written called when the operating system has taken it */
  write(piece: string, isLast: boolean, written: () => void): void;
}

export interface SendQueueDeps {
  readonly clock: Clock;
  readonly limits: () => Pick<KernelLimits, 'sendBufferBytes' | 'slowReaderMs' | 'pendingBytes'>;
  /** Counts what waits, for its token. */
  readonly held: Held;
  readonly owner: string;
  readonly wire: Wire;
  /** Characters that are held back until the reader has caught up. */
  readonly behind: () => number;
  /** The reader does not keep up. */
  readonly onSlow: () => void;
  /** It has caught up. */
  readonly onDrained: () => void;
  /** It has stopped. */
  readonly onStopped: () => void;
}

/** One message: a text, or pieces of one that are made when their turn comes. */
export type Content = string | Iterable<string>;

/** A message that waits. */
interface Message {
  readonly content: Content;
  /** Characters, as far as they are known. */
  readonly size: number;
}

/** A message that goes out in pieces. */
interface Sending {
  readonly pieces: Iterator<string>;
  next: string | undefined;
  /** Characters that it still counts for. */
  left: number;
}

/** Of what makes a reader slow, the part that the operating system is given ahead: so long pieces show that it takes some. */
const WINDOW = 1 / 4;
/** However much memory is used: so much may wait for each reader. */
const LEAST_SLOW = 2 ** 16;
/** One reader may have this part of the memory that is left. */
const SHARE_OF_FREE = 1 / 16;
/** A reader that takes nothing for one of so many parts of `slowReaderMs` has stopped, where more waits than `sendBufferBytes.close`. */
const LOOKS = 10;

/**
 * What goes out to one reader. One that keeps up gets each message at once. For another one messages wait here, long ones go in
 * pieces, and it has stopped when it takes less than a window in `slowReaderMs`, or nothing for a while though very much waits, here
 * and held back. Where memory is full it may have to go before.
 */
export class SendQueue implements Unread {
  readonly #deps: SendQueueDeps;
  #messages: Message[] = [];
  /** Characters of all that wait, less what was sent of the first. */
  #waiting = 0;
  /** The first message, as far as it was sent. */
  #first: Sending | undefined;
  #takenAt: Millis = 0;
  /** Pieces that were taken in this period of `slowReaderMs`. */
  #taken = 0;
  /** How often it was looked at in this period. */
  #looks = 0;
  #cancelTimer: (() => void) | undefined;

  constructor(deps: SendQueueDeps) {
    this.#deps = deps;
  }

  /** The reader does not keep up: who can should send nothing more. */
  get isSlow(): boolean {
    return this.#cancelTimer !== undefined;
  }

  get isEmpty(): boolean {
    return this.#messages.length === 0;
  }

  get owner(): string {
    return this.#deps.owner;
  }

  get unread(): number {
    return this.#waiting + this.#deps.behind();
  }

  giveUp(): void {
    this.#deps.onStopped();
  }

  /** @param size characters that pieces will have, about */
  send(content: Content, size = 0): void {
    const { wire } = this.#deps;
    const { length } = typeof content === 'string' ? content : { length: size };
    const fits = length <= PIECE && this.isEmpty && wire.buffered + length <= this.#window;
    if (fits && typeof content === 'string') wire.write(content, true, this.#written);
    else this.#wait(content, length);
  }

  /** Nothing is sent any more. Idempotent. */
  close(): void {
    this.#caughtUp();
    this.#count(-this.#waiting);
    this.#messages = [];
    this.#first = undefined;
  }

  get #slowBytes(): number {
    const { limits, held } = this.#deps;
    const { sendBufferBytes, pendingBytes } = limits();
    const left = (pendingBytes - held.total) * SHARE_OF_FREE;
    return Math.min(sendBufferBytes.slow, Math.max(LEAST_SLOW, left));
  }

  get #window(): number {
    return Math.ceil(this.#slowBytes * WINDOW);
  }

  #wait(content: Content, size: number): void {
    const { clock, wire, onStopped } = this.#deps;
    if (this.isEmpty) this.#takenAt = clock.now();
    else if (this.#isStuck(this.#waiting)) {
      onStopped();
      return;
    }
    this.#messages.push({ content, size });
    this.#count(size);
    this.#pump();
    if (this.#waiting + wire.buffered > this.#slowBytes && !this.isEmpty) this.#slow();
  }

  /** Whether nothing was taken for a while, though so many characters wait, and more than may. */
  #isStuck(waiting: number): boolean {
    const { clock, limits, wire } = this.#deps;
    const { sendBufferBytes, slowReaderMs } = limits();
    return waiting + wire.buffered > sendBufferBytes.close && clock.now() - this.#takenAt >= slowReaderMs / LOOKS;
  }

  #count(change: number): void {
    const { held, owner } = this.#deps;
    this.#waiting += change;
    held.add(owner, change);
  }

  #pump(): void {
    const { wire } = this.#deps;
    const window = this.#window;
    while (this.#messages.length > 0 && wire.buffered < window) {
      this.#first ??= begin(this.#messages[0] as Message);
      const first = this.#first;
      const piece = first.next ?? '';
      first.next = first.pieces.next().value;
      const isLast = first.next === undefined;
      const gone = isLast ? first.left : Math.min(first.left, piece.length);
      first.left -= gone;
      this.#count(-gone);
      if (isLast) {
        this.#messages.shift();
        this.#first = undefined;
      }
      wire.write(piece, isLast, this.#written);
    }
  }

  #slow(): void {
    if (this.isSlow) return;
    const { held, onSlow } = this.#deps;
    this.#taken = 0;
    this.#looks = 0;
    this.#watch();
    held.stopped(this);
    onSlow();
  }

  #caughtUp(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#deps.held.goesOn(this);
  }

  #watch(): void {
    const { clock, limits, onStopped } = this.#deps;
    this.#cancelTimer = clock.after(limits().slowReaderMs / LOOKS, () => {
      const isOver = ++this.#looks === LOOKS;
      if ((isOver && this.#taken === 0) || this.#isStuck(this.unread)) {
        onStopped();
        return;
      }
      if (isOver) {
        this.#taken = 0;
        this.#looks = 0;
      }
      this.#watch();
    });
  }

  /** One function for all pieces. */
  readonly #written = () => {
    if (this.isEmpty && !this.isSlow) return;
    const { clock, wire, onDrained } = this.#deps;
    this.#takenAt = clock.now();
    this.#taken++;
    this.#pump();
    if (!this.isSlow || this.#waiting + wire.buffered > this.#slowBytes) return;
    this.#caughtUp();
    onDrained();
  };
}

function begin({ content, size }: Message): Sending {
  const pieces = typeof content === 'string' ? piecesOf(content) : content[Symbol.iterator]();
  return { pieces, next: pieces.next().value, left: size };
}
