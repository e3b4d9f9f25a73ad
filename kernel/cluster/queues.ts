import type { Job, JobJson, Queue, Worker } from 'bullmq';
import { SyscallError } from '../../syscalls/errors.js';
import type { CoreId, Millis } from '../../syscalls/syscall.js';
import type { Clock } from '../clock.js';
import type { Logger } from '../log.js';
import { type JobEnd, type JobId, type JobRequest, queueName } from './job.js';
import { type HeldJob, type JobSource, JobTaker, type TakenJob, type Taking } from './job-taker.js';
import type { Store } from './redis-store.js';

type Driver = typeof import('bullmq');

export interface QueuesOptions {
  /** A connection that waits for Redis to come back; it is closed with the queues. */
  readonly redis: Store;
  /** Begins all keys. */
  readonly prefix: string;
  readonly lockMs: Millis;
  readonly clock: Clock;
  readonly log: Logger;
}

/** What is known of a request. `none`: it is not there, or was given up by all. */
export type JobState = { readonly type: 'open' | 'none' } | { readonly type: 'ended'; readonly end: JobEnd };

/** Ended requests whose answers are kept for a seat that changes just then. */
const KEPT = { age: 600, count: 5000 };
/** A worker that has died is no fault of the request that it had. */
const NEVER = 1_000_000;

/** The queues of all cores, and the only door to BullMQ: at most `cap` requests of a core run, on all nodes together, also while the seat changes. */
export class Queues {
  readonly #options: QueuesOptions;
  readonly #driver: Driver;
  readonly #queues = new Map<CoreId, Queue>();
  readonly #workers: Worker[] = [];

  private constructor(options: QueuesOptions, driver: Driver) {
    this.#options = options;
    this.#driver = driver;
  }

  /** @throws SyscallError `invalid-config` where the package is missing */
  static async open(options: QueuesOptions): Promise<Queues> {
    try {
      return new Queues(options, await import('bullmq'));
    } catch {
      throw new SyscallError(
        'invalid-config',
        'cluster: Expected a package that is not installed; run npm install bullmq',
      );
    }
  }

  /** At most so many requests of a core run at once. */
  async bound(core: CoreId, cap: number): Promise<void> {
    // A queue takes no 0; nothing is asked of a core whose cap is 0.
    await this.#queue(core).setGlobalConcurrency(Math.max(1, cap));
  }

  /** Once, however often it is added. */
  async add(core: CoreId, id: JobId, request: JobRequest): Promise<void> {
    await this.#queue(core).add('ask', request, { jobId: id });
  }

  /** @returns false where it has begun, or is not there */
  async remove(core: CoreId, id: JobId): Promise<boolean> {
    return (await this.#queue(core).remove(id)) === 1;
  }

  async stateOf(core: CoreId, id: JobId): Promise<JobState> {
    const queue = this.#queue(core);
    const state = await queue.getJobState(id);
    if (state !== 'completed') return { type: state === 'unknown' || state === 'failed' ? 'none' : 'open' };
    const end = (await queue.getJob(id))?.returnvalue as JobEnd | undefined;
    return end ? { type: 'ended', end } : { type: 'none' };
  }

  /**
   * Takes requests of a core as its bound allows.
   *
   * @param run never rejects
   * @param onEnded receives an end once it is written and the slot is free
   */
  take(core: CoreId, run: (held: HeldJob) => Promise<JobEnd>, onEnded: (id: JobId, end: JobEnd) => void): Taking {
    const { redis, prefix, lockMs, log, clock } = this.#options;
    const worker = new this.#driver.Worker(queueName(core), null, {
      connection: redis,
      prefix: `${prefix}bull`,
      autorun: false,
      lockDuration: lockMs,
      skipLockRenewal: true,
      stalledInterval: lockMs / 2,
      maxStalledCount: NEVER,
      removeOnComplete: KEPT,
      removeOnFail: { count: 0 },
    });
    const onError = (error: unknown) => log.warn({ err: error, core }, 'a worker of the cluster');
    worker.on('error', onError);
    this.#workers.push(worker);
    worker.startStalledCheckTimer().catch(onError);
    return new JobTaker({ source: this.#sourceOf(core, worker), run, onEnded, onError, clock });
  }

  /** Idempotent. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#workers.map((worker) => worker.close(true)));
    await Promise.allSettled([...this.#queues.values()].map((queue) => queue.close()));
    this.#options.redis.disconnect();
  }

  #sourceOf(core: CoreId, worker: Worker): JobSource {
    const { redis, lockMs } = this.#options;
    const waiting = this.#queue(core).toKey('wait');
    const taken = (job: Job, token: string): TakenJob => ({
      id: job.id ?? '',
      request: job.data as JobRequest,
      token,
      wasLost: job.stalledCounter > 0,
      finish: async (end, takesNext) => {
        const [json, id] = ((await job.moveToCompleted(end, token, takesNext)) ?? []) as [JobJson?, JobId?];
        return json ? taken(this.#driver.Job.fromJSON(worker, json, id), token) : undefined;
      },
    });
    let tokens = 0;
    return {
      get isClosing() {
        return worker.closing !== undefined;
      },
      next: async (waits) => {
        const token = `${worker.id}:${tokens++}`;
        const job = await worker.getNextJob(token, { block: waits });
        return job && taken(job, token);
      },
      waiting: () => redis.llen(waiting),
      renew: (held) =>
        worker.extendJobLocks(
          held.map(({ id }) => id),
          held.map(({ token }) => token),
          lockMs,
        ),
      close: async () => {
        // First, so that it is not waited for.
        const woken = worker.backend.disconnectBlocking(true).catch(() => {});
        await Promise.all([woken, worker.close()]);
      },
    };
  }

  #queue(core: CoreId): Queue {
    const known = this.#queues.get(core);
    if (known !== undefined) return known;
    const { redis, prefix, log } = this.#options;
    const queue = new this.#driver.Queue(queueName(core), { connection: redis, prefix: `${prefix}bull` });
    queue.on('error', (error) => log.warn({ err: error, core }, 'a queue of the cluster'));
    this.#queues.set(core, queue);
    return queue;
  }
}
