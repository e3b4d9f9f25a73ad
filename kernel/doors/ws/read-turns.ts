import type { Clock } from '../../clock.js';

/** A socket that can be left unread for a while. */
export interface Readable {
  pause(): void;
  resume(): void;
}

/** Requests of one connection after which it is not read on in this turn of the event loop. */
const REQUESTS_PER_TURN = 64;
/** More than this in one turn are not valid: no request is so short that 64 KiB, read in one go, hold so many. */
const FLOOD_PER_TURN = 2048;

/** What one connection has sent in this turn. */
export class ReadCount {
  readonly socket: Readable;
  requests = 0;

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
   * @param requests that it held
   * @returns whether the connection is one that only floods
   */
  took(count: ReadCount, requests: number): boolean {
    const before = count.requests;
    count.requests += requests;
    if (before === 0 && this.#counts.push(count) === 1) this.#clock.after(0, this.#end);
    if (before < REQUESTS_PER_TURN && count.requests >= REQUESTS_PER_TURN) count.socket.pause();
    return count.requests > FLOOD_PER_TURN;
  }

  readonly #end = () => {
    const counts = this.#counts;
    this.#counts = [];
    for (const count of counts) {
      if (count.requests >= REQUESTS_PER_TURN) count.socket.resume();
      count.requests = 0;
    }
  };
}
