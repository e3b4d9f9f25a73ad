import type { Clock } from '../../clock.js';

/** A socket that can be left unread for a while. */
export interface Readable {
  pause(): void;
  resume(): void;
}

/** Messages of one connection after which it is not read on in this turn of the event loop. */
const MESSAGES_PER_TURN = 64;
/** More than this in one turn are no requests: none is so short that 64 KiB, read in one go, hold so many. */
const FLOOD_PER_TURN = 2048;

/** What one connection has sent in this turn. */
export class ReadCount {
  readonly socket: Readable;
  messages = 0;

  constructor(socket: Readable) {
    this.socket = socket;
  }
}

/** Lets no connection keep the event loop to itself: one that sends very much at once is read on in the next turn. */
export class ReadTurns {
  readonly #clock: Clock;
  #counts: ReadCount[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * A message has come. What is left of the bytes already read, 64 KiB at most, still follows.
   *
   * @returns whether the connection is one that only floods
   */
  took(count: ReadCount): boolean {
    count.messages++;
    if (count.messages === 1 && this.#counts.push(count) === 1) this.#clock.after(0, this.#end);
    if (count.messages === MESSAGES_PER_TURN) count.socket.pause();
    return count.messages > FLOOD_PER_TURN;
  }

  readonly #end = () => {
    const counts = this.#counts;
    this.#counts = [];
    for (const count of counts) {
      if (count.messages >= MESSAGES_PER_TURN) count.socket.resume();
      count.messages = 0;
    }
  };
}
