import type { Millis } from '../../syscalls/syscall.js';
import type { Clock } from '../clock.js';
import type { JobEnd, JobId, JobRequest } from './job.js';

/** A request that a worker has in hand. */
export interface HeldJob {
  readonly id: JobId;
  readonly request: JobRequest;
  /** Proves that it is this worker's. */
  readonly token: string;
  /** An earlier worker had it, and has let its lock end. */
  readonly wasLost: boolean;
}

/** Takes requests of one core. */
export interface Taking {
  /** Holds them for another `lockMs`. @returns those that are this worker's no more */
  renew(held: readonly Pick<HeldJob, 'id' | 'token'>[]): Promise<readonly JobId[]>;
  /** Takes no more; settles when those in hand are done. */
  stop(): Promise<void>;
}

/** A request as its queue gives it out. */
export interface TakenJob extends HeldJob {
  /**
   * Writes its end, which frees the slot.
   *
   * @param takesNext whether the next request may come in answer
   * @throws an error with a number as `code` where it is not this worker's any more
   */
  finish(end: JobEnd, takesNext: boolean): Promise<TakenJob | undefined>;
}

/** One worker's end of a queue. */
export interface JobSource extends Pick<Taking, 'renew'> {
  readonly isClosing: boolean;
  /** @param waits for a request, a few seconds */
  next(waits: boolean): Promise<TakenJob | undefined>;
  /** How many requests wait. */
  waiting(): Promise<number>;
  /** Who waits for a request waits no more; what is in hand can still be finished. */
  close(): Promise<void>;
}

interface JobTakerDeps {
  readonly source: JobSource;
  /** Never rejects. */
  readonly run: (held: HeldJob) => Promise<JobEnd>;
  /** Receives an end once it is written and the slot is free. */
  readonly onEnded: (id: JobId, end: JobEnd) => void;
  readonly onError: (error: unknown) => void;
  readonly clock: Clock;
}

/** Requests that are taken in one round trip: what is more is left to the other nodes, if they are faster. */
const MOST_AT_ONCE = 16;
const RETRY_MS: Millis = 500;

/**
 * Takes requests from a queue: as many as wait go out in one write, and the end of one brings the next. The loop of BullMQ's own worker
 * fetches them one by one, a round trip each, which cost Redis a third of what it spent on a call.
 */
export class JobTaker implements Taking {
  readonly #deps: JobTakerDeps;
  readonly #held = new Set<Promise<void>>();
  readonly #taking: Promise<void>;

  constructor(deps: JobTakerDeps) {
    this.#deps = deps;
    this.#taking = this.#take();
  }

  renew(held: readonly Pick<HeldJob, 'id' | 'token'>[]): Promise<readonly JobId[]> {
    return this.#deps.source.renew(held);
  }

  async stop(): Promise<void> {
    const closed = this.#deps.source.close();
    await this.#taking;
    // What came at the last moment is done as the rest.
    while (this.#held.size > 0) await Promise.all(this.#held);
    await closed;
  }

  /** Until the source closes. */
  async #take(): Promise<void> {
    const { source } = this.#deps;
    while (!source.isClosing) {
      try {
        const first = await source.next(true);
        if (first === undefined) continue;
        this.#hold(first);
        await this.#takeMore();
      } catch (error) {
        if (source.isClosing) return;
        this.#deps.onError(error);
        await this.#pause();
      }
    }
  }

  async #takeMore(): Promise<void> {
    const { source } = this.#deps;
    while (!source.isClosing) {
      const count = Math.min(await source.waiting(), MOST_AT_ONCE);
      const found = await Promise.all(Array.from({ length: count }, () => source.next(false)));
      const jobs = found.filter((job) => job !== undefined);
      for (const job of jobs) this.#hold(job);
      // Nothing waits, others were faster, or the core is full.
      if (jobs.length < Math.max(count, 1)) return;
    }
  }

  #hold(job: TakenJob): void {
    const { source, onError } = this.#deps;
    const held = this.#run(job).catch((error) => {
      // Who closes without a stop leaves what is in hand to the next worker.
      if (!source.isClosing) onError(error);
    });
    this.#held.add(held);
    void held.then(() => this.#held.delete(held));
  }

  async #run(job: TakenJob): Promise<void> {
    const end = await this.#deps.run(job);
    const next = await this.#finish(job, end);
    this.#deps.onEnded(job.id, end);
    if (next !== undefined) this.#hold(next);
  }

  async #finish(job: TakenJob, end: JobEnd): Promise<TakenJob | undefined> {
    const { source, onError } = this.#deps;
    for (;;) {
      try {
        return await job.finish(end, !source.isClosing);
      } catch (error) {
        // A code says why the queue does not take it; anything else may pass.
        if (typeof (error as { code?: unknown }).code === 'number' || source.isClosing) throw error;
        onError(error);
        await this.#pause();
      }
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => this.#deps.clock.after(RETRY_MS, resolve));
  }
}
