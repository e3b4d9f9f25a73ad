import type { CoreId, Millis, SyscallId } from '../../syscalls/syscall.js';
import type { StoredCall } from '../call/journal.js';
import type { Clock } from '../clock.js';
import type { CoreRequest, CoreResult, CoreRun, LLMCore } from '../cores/core.js';
import type { Logger } from '../log.js';
import type { Bus } from './bus.js';
import { errorOf, type JobEnd, type JobId, type JobProgress, type JobRequest, jobId } from './job.js';
import { type FromWorker, TO_ALL, type ToAll } from './messages.js';
import type { Queues } from './queues.js';
import { lost, RemoteCore } from './remote-core.js';

interface RequestsDeps {
  readonly queues: Queues;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Logger;
  readonly sweepMs: Millis;
}

/** A request that some node makes. */
interface Open {
  readonly job: JobId;
  readonly core: CoreId;
  readonly request: JobRequest;
  readonly run: CoreRun;
  readonly resolve: (result: CoreResult) => void;
  readonly reject: (error: unknown) => void;
  readonly stopListening: () => void;
  /** Of its answer, so far. */
  characters: number;
  tokens: number;
  /** Sweeps that it has seen. */
  age: number;
}

/** What is looked at in one round trip. */
const MOST_A_LOOK = 100;

/**
 * The requests that this seat has made, or has found when it was taken. A message ends them; where it is lost, a sweep finds the end
 * in the queue, and puts a request there again that never came.
 */
export class Requests {
  readonly #deps: RequestsDeps;
  readonly #cores = new Map<CoreId, RemoteCore>();
  readonly #open = new Map<JobId, Open>();
  /** Requests of an earlier seat that nobody has taken up yet. */
  readonly #found = new Set<JobId>();
  #isStarted = false;
  #isDetached = false;
  #cancelTimer = () => {};

  constructor(deps: RequestsDeps) {
    this.#deps = deps;
  }

  /** @param own as this node would ask it */
  core(own: LLMCore): LLMCore {
    const { queues, bus, clock } = this.#deps;
    const { id } = own.info;
    const core = new RemoteCore(own, {
      clock,
      ask: (request, run) => this.#ask(id, request, run),
      reopen: () => bus.send<ToAll>(TO_ALL, { type: 'reopen', core: id }),
      bound: (cap) => {
        // Of the other nodes nobody asks.
        if (this.#isStarted) queues.bound(id, cap).catch((error) => this.#failed(error, id));
      },
    });
    this.#cores.set(id, core);
    return core;
  }

  /** Begins to schedule. @returns those calls whose last request still runs, or has ended and was not read */
  async start(open: readonly StoredCall[]): Promise<ReadonlySet<SyscallId>> {
    const { queues } = this.#deps;
    this.#isStarted = true;
    for (const [id, { info }] of this.#cores) await queues.bound(id, info.cap);
    const running = new Set<SyscallId>();
    const asked = open.filter(({ attempts, lastCore = '' }) => attempts > 0 && this.#cores.has(lastCore));
    for (let at = 0; at < asked.length; at += MOST_A_LOOK) {
      const look = async ({ id, attempts: attempt, lastCore: core = '' }: StoredCall) => {
        const job = jobId({ id, attempt, prefix: '' });
        if ((await queues.stateOf(core, job)).type === 'none') return;
        this.#found.add(job);
        running.add(id);
      };
      await Promise.all(asked.slice(at, at + MOST_A_LOOK).map(look));
    }
    this.#sweepLater();
    return running;
  }

  take(message: FromWorker): void {
    const open = this.#open.get(message.job);
    if (open === undefined) return;
    if (message.type === 'ended') this.#end(open, message.end);
    else {
      const { text = '', toolCall } = message;
      if (text !== '' && open.characters === 0) this.#read(open, message, text);
      else this.#read(open, message, '');
      if (toolCall !== undefined) open.run.onChunk({ text: '', tokens: 1, toolCall });
    }
  }

  /** What runs is left to the next seat: nobody may abort it from here. */
  detach(): void {
    this.#isDetached = true;
    this.#cancelTimer();
  }

  #ask(core: CoreId, { id = '', attempt = 1, ...rest }: CoreRequest, run: CoreRun): Promise<CoreResult> {
    const request: JobRequest = { id, attempt, ...rest };
    const job = jobId(request);
    return new Promise((resolve, reject) => {
      if (run.signal.aborted) return reject(run.signal.reason);
      const abort = () => void this.#abort(open);
      const stopListening = () => run.signal.removeEventListener('abort', abort);
      const open: Open = {
        ...{ job, core, request, run, resolve, reject, stopListening },
        ...{ characters: 0, tokens: 0, age: 0 },
      };
      this.#open.set(job, open);
      run.signal.addEventListener('abort', abort, { once: true });
      void this.#look(open, this.#found.delete(job));
    });
  }

  /** Puts it into its queue, or finds out what has become of it. Never rejects: a sweep looks again. */
  async #look(open: Open, isThere: boolean): Promise<void> {
    const { queues } = this.#deps;
    const { core, job, request } = open;
    try {
      const state = isThere ? await queues.stateOf(core, job) : { type: 'none' as const };
      if (this.#open.get(job) !== open) return;
      if (state.type === 'ended') this.#end(open, state.end);
      // It may have ended between two looks, and be forgotten: an answer is kept for longer than that.
      else if (state.type === 'none') await this.#add(open, request);
    } catch (error) {
      this.#failed(error, core);
    }
  }

  async #add(open: Open, request: JobRequest): Promise<void> {
    if (open.run.signal.aborted) this.#settle(open, () => open.reject(open.run.signal.reason));
    else await this.#deps.queues.add(open.core, open.job, request);
  }

  async #abort(open: Open): Promise<void> {
    const { queues, bus } = this.#deps;
    const { core, job, run } = open;
    const reject = () => this.#settle(open, () => open.reject(run.signal.reason));
    if (this.#isDetached) return reject();
    bus.send<ToAll>(TO_ALL, { type: 'abort', core, job });
    // One that has not begun never begins; of one that has, its worker reports the end.
    if (await queues.remove(core, job).catch(() => false)) reject();
  }

  #read(open: Open, { tokens, bill }: JobProgress, text: string): void {
    const more = Math.max(0, tokens - open.tokens);
    open.tokens += more;
    open.characters += text.length;
    if (text !== '' || more > 0) open.run.onChunk({ text, tokens: Math.max(1, more) });
    if (bill !== undefined) open.run.onBill?.(bill);
  }

  #end(open: Open, end: JobEnd): void {
    const { outcome, text, health } = end;
    this.#cores.get(open.core)?.report(health);
    this.#read(open, end, text.slice(open.characters));
    this.#settle(open, () => {
      if (outcome.type === 'answered') open.resolve(outcome.result);
      else open.reject(outcome.type === 'lost' ? lost() : errorOf(outcome.fault));
    });
  }

  #settle(open: Open, how: () => void): void {
    if (this.#open.get(open.job) !== open) return;
    this.#open.delete(open.job);
    open.stopListening();
    how();
  }

  #sweepLater(): void {
    const { clock, sweepMs } = this.#deps;
    this.#cancelTimer = clock.after(sweepMs, () => void this.#sweep());
  }

  async #sweep(): Promise<void> {
    const old = [...this.#open.values()].filter((open) => open.age++ > 0);
    for (let at = 0; at < old.length; at += MOST_A_LOOK) {
      await Promise.all(
        old.slice(at, at + MOST_A_LOOK).map((open) => {
          if (open.run.signal.aborted) void this.#abort(open);
          return this.#look(open, true);
        }),
      );
    }
    if (!this.#isDetached) this.#sweepLater();
  }

  #failed(error: unknown, core: CoreId): void {
    this.#deps.log.warn({ err: error, core }, 'the queue of a core could not be reached');
  }
}
