import type { CoreId, Millis } from '../../syscalls/syscall.js';
import type { Clock } from '../clock.js';
import type { Bill, CoreChunk, LLMCore } from '../cores/core.js';
import type { Bus } from './bus.js';
import { faultOf, type JobEnd, type JobId, type JobOutcome, jobHealth } from './job.js';
import { TO_SEAT, type ToSeat } from './messages.js';
import type { Held, Queues, Taking } from './queues.js';
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

/** Locks are renewed so many times before they end. */
const RENEWALS = 5;
/** Share of a lock after which a request whose lock could not be renewed is given up: before another worker may have it. */
const GIVE_UP_SHARE = 0.8;
/** How often the seat learns how long a running answer is. */
const PROGRESS_MS: Millis = 1000;

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

  async #run({ id, token, request, wasLost }: Held): Promise<JobEnd> {
    const { clock, slotQuarantineMs } = this.#deps;
    const running: Running = { token, controller: new AbortController(), renewedAt: clock.now(), isLost: false };
    this.#running.set(id, running);
    const report = new Report(id, this.id, request.params.stream === true, this.#deps);
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

/** What is read of one answer: its text goes to the doors, how much it is to the seat. */
class Report {
  readonly #job: JobId;
  readonly #core: CoreId;
  readonly #streams: boolean;
  readonly #deps: CoreWorkerDeps;
  #writer: ReturnType<TextLog['writer']> | undefined;
  #text = '';
  #tokens = 0;
  #bill: Bill | undefined;
  #toldAt: Millis = Number.NEGATIVE_INFINITY;
  #hasTold = false;

  constructor(job: JobId, core: CoreId, streams: boolean, deps: CoreWorkerDeps) {
    this.#job = job;
    this.#core = core;
    this.#streams = streams;
    this.#deps = deps;
  }

  begin({ id, attempt, prefix }: Held['request']): void {
    if (this.#streams) this.#writer = this.#deps.texts.writer(id, attempt, prefix.length);
  }

  read({ text, tokens, toolCall }: CoreChunk): void {
    this.#text += text;
    this.#tokens += tokens;
    this.#writer?.push(text, toolCall);
    this.#tell(toolCall);
  }

  billed(bill: Bill): void {
    this.#bill = bill;
  }

  end() {
    this.#writer?.end();
    return { text: this.#text, tokens: this.#tokens, ...(this.#bill === undefined ? {} : { bill: this.#bill }) };
  }

  /** The first text, that it calls a tool, and once a second how long it is. */
  #tell(toolCall: CoreChunk['toolCall']): void {
    const { bus, clock } = this.#deps;
    const now = clock.now();
    const isFirst = !this.#hasTold && this.#text !== '';
    if (!isFirst && toolCall === undefined && now - this.#toldAt < PROGRESS_MS) return;
    this.#toldAt = now;
    this.#hasTold ||= isFirst;
    bus.send<ToSeat>(TO_SEAT, {
      type: 'progress',
      job: this.#job,
      core: this.#core,
      tokens: this.#tokens,
      ...(isFirst ? { text: this.#text } : {}),
      ...(this.#bill === undefined ? {} : { bill: this.#bill }),
      ...(toolCall === undefined ? {} : { toolCall }),
    });
  }
}
