import type { Pid } from '../../../syscalls/syscall.js';

/** Programs that are remembered before those are dropped that have had no more than their share. */
const MOST_PROGRAMS = 1024;

/**
 * Whose turn it is among programs: start-time fair queueing (Goyal, Vin and Cheng, "Start-time fair queueing", IEEE/ACM
 * Transactions on Networking, 1997). A call's turn comes when its program's earlier calls have had their time: it is the
 * later of the virtual time at its arrival and the turn of the call before it, plus the seconds that one was expected to take.
 */
export class FairShare {
  /** The earliest turn of the calls that are pending, seconds. */
  #virtualS = 0;
  /** Of each program: when its next call has its turn. */
  readonly #next = new Map<Pid, number>();

  /** @returns the turn of a new call of the program, seconds of virtual time @param seconds that it is expected to take */
  admit(program: Pid, seconds: number): number {
    const turn = Math.max(this.#virtualS, this.#next.get(program) ?? 0);
    this.#next.set(program, turn + seconds);
    if (this.#next.size > MOST_PROGRAMS) this.#forget();
    return turn;
  }

  /** Takes in the turns of all pending calls. With none, all that programs have had is forgiven. */
  advance(turns: ArrayLike<number>): void {
    let least = Infinity;
    for (let i = 0; i < turns.length; i++) if (turns[i]! < least) least = turns[i]!;
    if (least === Infinity) this.#next.clear();
    else this.#virtualS = Math.max(this.#virtualS, least);
  }

  /** Seconds by which a call is ahead of its program's share; 0: it is its turn. */
  aheadS(turn: number): number {
    return Math.max(0, turn - this.#virtualS);
  }

  #forget(): void {
    for (const [program, turn] of this.#next) if (turn <= this.#virtualS) this.#next.delete(program);
  }
}
