import type { CoreId, Millis } from '../../syscalls/syscall.js';
import type { Clock } from '../clock.js';
import type { Bill, CoreChunk, LLMCore } from '../cores/core.js';
import { AnswerReport } from './answer-report.js';
import type { Bus } from './bus.js';
import { faultOf, type JobEnd, type JobId, type JobOutcome, jobHealth } from './job.js';
import type { HeldJob, Taking } from './job-taker.js';
import { GIVE_UP_SHARE, RENEWALS } from './lease.js';
import { TO_SEAT, type ToSeat } from './messages.js';
import type { Queues } from './queues.js';
import type { TextLog } from './text-log.js';

export interface CoreWorkerDeps {
  readonly queues: Queues;
  readonly bus: Bus;
  readonly texts: TextLog;
  readonly clock: Clock;
  readonly lockMs: Millis;
  /** How long the slot of a lost request stays taken. */
  readonly slotQuarantineMs: Millis;
}

interface Running {
  readonly token: string;
  readonly controller: AbortController;
  /** When its lock was last asked for and given. */
  renewedAt: Millis;
  /** Nobody waits for what comes of it here. */
  isLost: boolean;
}

/** Asks one core what any seat has asked for, on this node. */
export class CoreWorker {
  readonly #core: LLMCore;
  readonly #deps: CoreWorkerDeps;
  readonly #running = new Map<JobId, Running>();
  #taking: Taking | undefined;
  #isRenewing = false;
  #cancelTimer = () => {};

  constructor(core: LLMCore, deps: CoreWorkerDeps) {
    this.#core = core;
    this.#deps = deps;
  }

  get id(): CoreId {
    return this.#core.info.id;
  }

  start(): void {
    const { queues, bus } = this.#deps;
    const onEnded = (job: JobId, end: JobEnd) => bus.send<ToSeat>(TO_SEAT, { type: 'ended', core: this.id, job, end });
    this.#taking = queues.take(this.id, (held) => this.#run(held), onEnded);
    this.#renewLater();
  }

  /** The seat does not want an answer any more. */
  abort(job: JobId): void {
    this.#running.get(job)?.controller.abort();
  }

  reopen(): void {
    this.#core.reopen?.(this.#core.info.cap);
  }

  /** Takes no more, and gives back what is not done after `drainMs`. */
  async stop(drainMs: Millis): Promise<void> {
    const cancel = this.#deps.clock.after(drainMs, () => {
      for (const running of this.#running.values()) this.#giveUp(running);
    });
    await this.#taking?.stop().catch(() => {});
    cancel();
    this.#cancelTimer();
  }

  async #run({ id, token, request, wasLost }: HeldJob): Promise<JobEnd> {
    const { clock, slotQuarantineMs } = this.#deps;
    const running: Running = { token, controller: new AbortController(), renewedAt: clock.now(), isLost: false };
    this.#running.set(id, running);
    const report = new AnswerReport(id, this.id, request.params.stream === true, this.#deps);
    let outcome: JobOutcome = { type: 'lost' };
    try {
      // Who had it may be frozen, and its request open.
      if (wasLost) await new Promise<void>((resolve) => clock.after(slotQuarantineMs, resolve));
      else {
        report.begin(request);
        const onBill = (bill: Bill) => report.billed(bill);
        const onChunk = (chunk: CoreChunk) => report.read(chunk);
        const run = { signal: running.controller.signal, onChunk, onBill };
        const result = await this.#core.chat(request, run);
        outcome = running.isLost ? outcome : { type: 'answered', result };
      }
    } catch (thrown) {
      if (!running.isLost) outcome = { type: 'failed', fault: faultOf(thrown) };
    }
    this.#running.delete(id);
    return { ...report.end(), outcome, health: jobHealth(this.#core.health?.(), clock.now()) };
  }

  #giveUp(running: Running): void {
    running.isLost = true;
    running.controller.abort();
  }

  #renewLater(): void {
    const { clock, lockMs } = this.#deps;
    this.#cancelTimer = clock.after(lockMs / RENEWALS, () => {
      void this.#renew();
      this.#renewLater();
    });
  }

  async #renew(): Promise<void> {
    const { clock, lockMs } = this.#deps;
    const askedAt = clock.now();
    // After a freeze this comes first.
    for (const running of this.#running.values()) {
      if (askedAt - running.renewedAt > GIVE_UP_SHARE * lockMs) this.#giveUp(running);
    }
    const held = [...this.#running].filter(([, { isLost }]) => !isLost).map(([id, { token }]) => ({ id, token }));
    if (this.#isRenewing || held.length === 0) return;
    this.#isRenewing = true;
    try {
      const gone = new Set(await this.#taking?.renew(held));
      for (const { id } of held) {
        const running = this.#running.get(id);
        if (running === undefined) continue;
        if (gone.has(id)) this.#giveUp(running);
        else running.renewedAt = askedAt;
      }
    } catch {
      // Tried again until they are given up.
    } finally {
      this.#isRenewing = false;
    }
  }
}
