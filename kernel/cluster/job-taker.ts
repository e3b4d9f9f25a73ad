import type { Job, Worker } from 'bullmq';
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

interface JobTakerDeps {
  /** Without a loop of its own. */
  readonly worker: Worker;
  /** How many requests wait. */
  readonly waiting: () => Promise<number>;
  /** The job that came in answer to the end of another one. */
  readonly jobOf: (raw: readonly unknown[]) => Job | undefined;
  /** Never rejects. */
  readonly run: (held: HeldJob) => Promise<JobEnd>;
  /** Receives an end once it is written and the slot is free. */
  readonly onEnded: (id: JobId, end: JobEnd) => void;
  readonly onError: (error: unknown) => void;
  readonly clock: Clock;
  readonly lockMs: Millis;
}

/** Requests that are taken in one round trip: what is more is left to the other nodes, if they are faster. */
const MOST_AT_ONCE = 16;
const RETRY_MS: Millis = 500;

/**
 * Takes requests from a queue: as many as wait go out in one write, and the end of one brings the next. The loop of BullMQ's own worker
 * fetches them one by one, a round trip each, which made up a third of what Redis did for a call.
 */
export class JobTaker implements Taking {
  readonly #deps: JobTakerDeps;
  readonly #held = new Set<Promise<void>>();
  #taking: Promise<void> = Promise.resolve();
  #lastToken = 0;

  constructor(deps: JobTakerDeps) {
    this.#deps = deps;
  }

  start(): void {
    const { worker, onError } = this.#deps;
    worker.startStalledCheckTimer().catch(onError);
    this.#taking = this.#take();
  }

  renew(held: readonly Pick<HeldJob, 'id' | 'token'>[]): Promise<readonly JobId[]> {
    const { worker, lockMs } = this.#deps;
    const ids = held.map(({ id }) => id);
    const tokens = held.map(({ token }) => token);
    return worker.extendJobLocks(ids, tokens, lockMs);
  }

  async stop(): Promise<void> {
    const { worker } = this.#deps;
    // It may wait for a request; what it has then is done as the rest.
    const woken = worker.backend.disconnectBlocking(true).catch(() => {});
    const closed = worker.close();
    await this.#taking;
    while (this.#held.size > 0) await Promise.all(this.#held);
    await Promise.all([woken, closed]);
  }

  /** Until the worker closes. */
  async #take(): Promise<void> {
    const { worker, waiting, onError } = this.#deps;
    while (worker.closing === undefined) {
      try {
        const first = await this.#next(true);
        if (first === undefined) continue;
        this.#hold(first);
        for (let more = await waiting(); more > 0 && worker.closing === undefined; more = await waiting()) {
          const next = Array.from({ length: Math.min(more, MOST_AT_ONCE) }, () => this.#next(false));
          const found = (await Promise.all(next)).filter((job) => job !== undefined);
          for (const job of found) this.#hold(job);
          // Others were faster, or the core is full.
          if (found.length < next.length) break;
        }
      } catch (error) {
        if (worker.closing !== undefined) return;
        onError(error);
        await this.#pause();
      }
    }
  }

  #next(block: boolean): Promise<Job | undefined> {
    const { worker } = this.#deps;
    return worker.getNextJob(`${worker.id}:${this.#lastToken++}`, { block });
  }

  #hold(job: Job): void {
    const held = this.#run(job).catch(this.#deps.onError);
    this.#held.add(held);
    void held.then(() => this.#held.delete(held));
  }

  async #run(job: Job): Promise<void> {
    const { run, onEnded, jobOf } = this.#deps;
    const { id = '', data, token = '', stalledCounter } = job;
    const end = await run({ id, request: data as JobRequest, token, wasLost: stalledCounter > 0 });
    const next = await this.#write(job, end, token);
    onEnded(id, end);
    const following = jobOf(next);
    if (following !== undefined) this.#hold(Object.assign(following, { token }));
  }

  /** @returns what came in answer @throws where it is not this worker's any more */
  async #write(job: Job, end: JobEnd, token: string): Promise<readonly unknown[]> {
    const { worker, onError } = this.#deps;
    for (;;) {
      try {
        return (await job.moveToCompleted(end, token, worker.closing === undefined)) ?? [];
      } catch (error) {
        // A code says why the queue does not take it; anything else may pass.
        if (typeof (error as { code?: unknown }).code === 'number' || worker.closing !== undefined) throw error;
        onError(error);
        await this.#pause();
      }
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => this.#deps.clock.after(RETRY_MS, resolve));
  }
}
