import type { Millis } from '../syscalls/syscall.js';
import { IndexedHeap } from './indexed-heap.js';

/** The only source of time in the kernel. */
export interface Clock {
  now(): Millis;
  /** Runs `run` once, `delay` milliseconds from now (0 = as soon as pending input has been read), and returns its cancel. */
  after(delay: Millis, run: () => void): () => void;
  /** Work outside of the kernel, such as that of a thread. @returns what `work` settles to, in virtual time as late as it was said to take */
  during<T>(work: Promise<T>): Promise<T>;
}

/** Longest delay that a Node timer takes. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Wall time that never runs backwards: the epoch at the start of the process plus the monotonic clock. */
export const realClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  after(delay, run) {
    if (delay <= 0) {
      const immediate = setImmediate(run);
      return () => clearImmediate(immediate);
    }
    const timer = setTimeout(run, Math.min(delay, MAX_TIMER_MS));
    return () => clearTimeout(timer);
  },
  during: (work) => work,
};

/** Real milliseconds since any fixed moment: measures work, and is not part of the kernel's time. */
export function stopwatch(): Millis {
  return performance.now();
}

interface VirtualTimer {
  readonly at: Millis;
  readonly seq: number;
  readonly run: () => void;
}

/** Nothing is left that could let virtual time go on. */
export class StandstillError extends Error {
  override readonly name = 'StandstillError';

  constructor() {
    super('Virtual time stands still: no timer is set and the run has not ended');
  }
}

/** Time that stands still until `runUntil` goes on to the next timer. Timers of one moment run in the order they were set. */
export class VirtualClock implements Clock {
  #now: Millis = 0;
  #seq = 0;
  readonly #timers = new IndexedHeap<VirtualTimer>((a, b) => a.at - b.at || a.seq - b.seq);
  readonly #outside = new Set<Promise<unknown>>();
  /** What the work outside takes, beside the real time for which virtual time stands still. */
  #outsideMs: Millis = 0;

  now(): Millis {
    return this.#now;
  }

  /** Timers that are set and have not run. */
  get pendingTimers(): number {
    return this.#timers.size;
  }

  after(delay: Millis, run: () => void): () => void {
    const timer = { at: this.#now + Math.max(0, delay), seq: this.#seq++, run };
    this.#timers.add(timer);
    return () => this.#timers.remove(timer);
  }

  /** The thread that everything runs on computes for so long: what is due meanwhile comes after it, as it does in real time. */
  compute(ms: Millis): void {
    this.#now += ms;
  }

  /** What `during` waits for takes so long; of several, all together. */
  computeOutside(ms: Millis): void {
    this.#outsideMs += ms;
  }

  async during<T>(work: Promise<T>): Promise<T> {
    this.#outside.add(work);
    let ms = 0;
    try {
      await work;
    } finally {
      this.#outside.delete(work);
      ms = this.#outsideMs;
      this.#outsideMs = 0;
    }
    if (ms > 0) await new Promise<void>((resolve) => this.after(ms, resolve));
    return work;
  }

  /**
   * Goes from timer to timer until `finished` settles. Between two timers all promises get to run.
   *
   * @throws StandstillError when nothing is left that could make `finished` settle
   */
  async runUntil<T>(finished: Promise<T>): Promise<T> {
    let settled = false;
    const mark = () => {
      settled = true;
    };
    finished.then(mark, mark);
    for (;;) {
      await settlePromises();
      if (settled) return finished;
      if (this.#outside.size > 0) {
        await Promise.allSettled(this.#outside);
        continue;
      }
      const next = this.#timers.pop();
      if (next === undefined) throw new StandstillError();
      this.#now = Math.max(this.#now, next.at);
      next.run();
    }
  }
}

/** Waits until every promise that can settle without a timer or input has done so. */
function settlePromises(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
