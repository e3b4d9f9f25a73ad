import type { Millis } from '../../../syscalls/syscall.js';
import type { Agenda } from './agenda.js';
import type { Release, RunningCalls } from './running-calls.js';
import type { ServiceTimes } from './service-times.js';

/** Least wait that counts, seconds: else a full core would pass for a free one. */
const LEAST_S = 1e-3;

/** A queue for each core: its free slots are its first places, and behind them is who waits for one. Changes as calls join. */
export class Queues {
  /** Calls in each queue, those that start included. */
  readonly length: number[];
  readonly free: readonly number[];
  readonly #releases: readonly Release[];
  /** Of a usual answer. */
  readonly #meansMs: readonly (Millis | undefined)[];

  constructor({ now, slots, ids, ahead }: Agenda, running: RunningCalls, times: Pick<ServiceTimes, 'mean'>) {
    this.free = slots;
    this.length = ahead.map(Math.round);
    this.#releases = running.releases(ids, now);
    this.#meansMs = ids.map((id) => times.mean(id));
  }

  /** Slots that nobody takes. */
  left(core: number): number {
    return Math.max(0, this.free[core]! - this.length[core]!);
  }

  /**
   * Seconds until it is the turn of a place of a core, from 0: until the first slot in use is likely to be free, and for each place before it
   * a usual answer divided by the calls that run, since a slot that is free again is taken by who is next. Infinity: nothing says when.
   */
  waitS(core: number, place: number): number {
    const behind = place - this.free[core]!;
    if (behind < 0) return 0;
    const { running, firstMs } = this.#releases[core]!;
    const mean = this.#meansMs[core];
    if (mean === undefined || running === 0) return Infinity;
    return Math.max(LEAST_S, (firstMs + (behind * mean) / running) / 1000);
  }

  /** What a place costs who pays so much for a second of waiting, US dollars; an infinite price: only free slots will do. */
  placeUsd(core: number, place: number, perSecond: number): number {
    const wait = this.waitS(core, place);
    if (wait === 0) return 0;
    return wait === Infinity ? Infinity : perSecond * wait;
  }
}
