import { SyscallError } from '../../syscalls/errors.js';
import type { Millis } from '../../syscalls/syscall.js';
import type { Call } from '../call/call.js';
import type { CallTable } from '../call/call-table.js';
import type { Journal } from '../call/journal.js';
import type { StartRate } from '../call/start-rate.js';
import type { Capacity, Lease, Need, Refusal } from '../capacity/capacity.js';
import type { CoreSlot } from '../capacity/core-slot.js';
import type { Bill, CoreChunk, CoreResult } from '../cores/core.js';
import type { KernelEvents } from '../events.js';
import type { Metrics } from '../metrics.js';
import type { PolicyGuard } from '../policy-guard.js';
import { budgetExhausted, budgetSpent } from '../process/budget.js';
import { NOTHING_SPENT, type Spent } from '../spent.js';
import { reasonOf, replyOf } from './reply-of.js';
import { Retries, type RetriesDeps } from './retries.js';
import { Run } from './run.js';
import { TimeSlice } from './time-slice.js';

/** How long a core is left alone when capacity could not be asked. */
const CAPACITY_RETRY_MS = 1000;

/** Stands for the answer of a capacity that gave none. */
const UNKNOWN: Refusal = { refused: 'core' };

type MaybePromise<T> = T | Promise<T>;

/** Where calls wait. */
export interface Backlog {
  /** The call is pending again. */
  returned(call: Call): void;
  /** The call waits until money of its principal is free again. */
  waitsForBudget(call: Call): void;
  /** A core cannot serve anybody until its config is mended: calls that have no other end. */
  coreLost(): void;
  /** Whether a call of another agent waits for the core of this running call and could start there. */
  contended(call: Call, slot: CoreSlot): boolean;
}

interface RunnerDeps extends RetriesDeps {
  readonly policy: PolicyGuard;
  readonly capacity: Capacity;
  readonly table: CallTable;
  readonly journal: Journal;
  readonly metrics: Metrics;
  readonly starts: StartRate;
  readonly tracing: { traceparent(call: Call): string | undefined };
  readonly events: KernelEvents;
}

/** Gives calls to cores, and decides what becomes of each when its request is closed: its end, or another turn in the backlog. */
export class Runner {
  readonly #deps: RunnerDeps;
  readonly #retries: Retries;

  constructor(deps: RunnerDeps) {
    this.#deps = deps;
    this.#retries = new Retries(deps);
  }

  /**
   * Runs a scheduled call until the core's request is closed. Never rejects.
   *
   * @param outputTokensP90 what the policy predicts of the answer, if it does
   */
  async run(call: Call, slot: CoreSlot, backlog: Backlog, outputTokensP90: number | undefined): Promise<void> {
    const run = new Run(call, slot.info, this.#deps.clock);
    const controller = new AbortController();
    call.holder = { letGo: () => controller.abort() };
    const need = needOf(call, slot, run, outputTokensP90);
    const reserving = this.#reserve(need, slot, controller.signal);
    const reserved = reserving instanceof Promise ? await reserving : reserving;
    if (call.isFinal) {
      if ('settle' in reserved) reserved.settle({ tokens: 0, costUsd: 0 });
    } else if ('settle' in reserved) await this.#start(call, slot, run, { need, lease: reserved, backlog, controller });
    else this.#refused(call, slot, backlog, reserved);
  }

  #reserve(need: Need, slot: CoreSlot, signal: AbortSignal): MaybePromise<Lease | Refusal> {
    try {
      const reserving = this.#deps.capacity.reserve(need, signal);
      return reserving instanceof Promise ? reserving.catch((error) => this.#unknown(slot, error, signal)) : reserving;
    } catch (error) {
      return this.#unknown(slot, error, signal);
    }
  }

  /** Capacity could not be asked: nothing starts on this core for a while. */
  #unknown(slot: CoreSlot, error: unknown, signal: AbortSignal): Refusal {
    if (!signal.aborted) {
      this.#deps.log.error({ err: error, core: slot.info.id }, 'capacity could not be reserved');
      slot.closeUntil(this.#deps.clock.now() + CAPACITY_RETRY_MS);
    }
    return UNKNOWN;
  }

  #refused(call: Call, slot: CoreSlot, backlog: Backlog, refusal: Refusal): void {
    if (refusal.refused === 'spent') {
      const { capacity, clock, table } = this.#deps;
      const { caller, budgetUsd } = call.facts;
      const spent = budgetSpent(call.facts, (per) => capacity.spentUsd(caller.principal, per), clock.now());
      table.fail(call, spent ?? budgetExhausted(budgetUsd));
      return;
    }
    call.holder = undefined;
    call.apply({ type: 'withdraw' });
    if (refusal.refused === 'budget') backlog.waitsForBudget(call);
    else {
      if (refusal !== UNKNOWN) slot.refused();
      backlog.returned(call);
    }
  }

  async #start(
    call: Call,
    slot: CoreSlot,
    run: Run,
    { need, lease, backlog, controller }: { need: Need; lease: Lease; backlog: Backlog; controller: AbortController },
  ): Promise<void> {
    const { clock, events } = this.#deps;
    const core = slot.info.id;
    const written = this.#written(call, need);
    if (written !== true && !(await written)) {
      lease.settle({ tokens: 0, costUsd: 0 });
      return;
    }
    if (!this.#deps.capacity.isOpen(core)) slot.refresh();
    const startedAt = clock.now();
    const waitMs = startedAt - call.since;
    this.#deps.starts.started(startedAt);
    call.start(startedAt, () => run.spent());
    const { resumed } = run;
    events.emit('started', {
      at: startedAt,
      call,
      core,
      running: slot.queue.running,
      reason: reasonOf(call),
      waitMs,
      resumed,
    });
    const traceparent = this.#deps.tracing.traceparent(call);
    const request = traceparent === undefined ? run.request : { traceparent, ...run.request };
    const slice = this.#slice(call, slot, backlog, controller);
    let result: CoreResult | undefined;
    let thrown: unknown;
    try {
      const onChunk = (chunk: CoreChunk) => {
        if (run.take(chunk)) events.emit('firstToken', { call, core, ms: clock.now() - startedAt });
        // What is thought is lost by a preemption: before the first text it would only be thought again.
        if (chunk.text !== '') slice?.progress();
        // No core goes on from half of a tool call.
        if (chunk.toolCall !== undefined) slice?.stop();
      };
      const onBill = (bill: Bill) => run.bill(bill);
      result = run.isExhausted
        ? NOTHING_LEFT
        : this.#believed(slot, run, await slot.core.chat(request, { signal: controller.signal, onChunk, onBill }));
    } catch (error) {
      thrown = error;
    }
    slice?.stop();
    const billed = billedFor(call, run, result, slice);
    const next = this.#ended(call, slot, { result, thrown, billed, slice }, backlog);
    const { inputTokens, outputTokens } = result?.usage ?? run.spent();
    lease.settle({ tokens: inputTokens + outputTokens, costUsd: billed.costUsd });
    const running = slot.queue.running - 1;
    const at = clock.now();
    const ms = at - startedAt;
    events.emit('closed', { at, call, core, running, ms, spent: billed, ...faultOf(call, result, thrown) });
    if (next !== undefined) this.#goesOn(call, next, backlog);
  }

  /** The result with the numbers that can be true. */
  #believed(slot: CoreSlot, run: Run, result: CoreResult): CoreResult {
    const { bill, doubts } = run.believed(result);
    if (doubts.length > 0 && slot.doubted()) {
      this.#deps.log.warn(
        { core: slot.info.id, doubts },
        'a core reports numbers that cannot be: counted here instead',
      );
    }
    return bill;
  }

  /** Writes the start down; a call that must not start twice waits for it. @returns false when it has ended meanwhile */
  #written(call: Call, { core, tokens }: Need): MaybePromise<boolean> {
    const { journal, clock } = this.#deps;
    const attempt = call.resumes ? call.attempts : call.attempts + 1;
    const writing = journal.append({ type: 'started', id: call.id, at: clock.now(), core, attempt, tokens });
    if (writing === undefined) return true;
    const mayNotRepeat = call.facts.params.retry === 'never';
    const written = writing.catch((error) => {
      this.#deps.log.error({ err: error, syscallId: call.id }, 'the journal did not take the start of a call');
      if (mayNotRepeat)
        this.#deps.table.fail(call, new SyscallError('busy', 'storage: the journal did not take the start'));
    });
    return mayNotRepeat ? written.then(() => !call.isFinal) : true;
  }

  #slice(call: Call, slot: CoreSlot, backlog: Backlog, controller: AbortController): TimeSlice | undefined {
    const { timeSliceMs } = this.#deps.policy;
    if (timeSliceMs === undefined || !slot.info.supportsPrefix) return undefined;
    return new TimeSlice(this.#deps.clock, timeSliceMs, () => backlog.contended(call, slot), controller);
  }

  /** @returns milliseconds after which the call is pending again; undefined when it has ended */
  #ended(
    call: Call,
    slot: CoreSlot,
    {
      result,
      thrown,
      billed,
      slice,
    }: { result: CoreResult | undefined; thrown: unknown; billed: Spent; slice: TimeSlice | undefined },
    backlog: Backlog,
  ): Millis | undefined {
    if (call.isFinal) return undefined;
    call.stop(billed);
    if (result !== undefined) return this.#complete(call, slot, result);
    if (slice?.expired) return this.#suspend(call, slot);
    return this.#fail(call, slot, thrown, backlog);
  }

  #goesOn(call: Call, delay: Millis, backlog: Backlog): void {
    if (delay === 0) backlog.returned(call);
    else call.holder = { letGo: this.#deps.clock.after(delay, () => backlog.returned(call)) };
  }

  #complete(call: Call, slot: CoreSlot, result: CoreResult): undefined {
    const { clock, table } = this.#deps;
    const at = clock.now();
    const reply = replyOf(call, slot.info.id, result, at);
    slot.answered(call.answered.outputTokens);
    table.finish(call, { type: 'complete', at, reply });
  }

  #suspend(call: Call, slot: CoreSlot): Millis {
    const { clock, metrics, events } = this.#deps;
    call.suspend(slot.info.id, clock.now());
    metrics.count(call.facts.caller.principal, (sums) => sums.preemptions++);
    events.emit('preempted', { call, core: slot.info.id });
    return 0;
  }

  #fail(call: Call, slot: CoreSlot, thrown: unknown, backlog: Backlog): Millis | undefined {
    const { clock, events, metrics, table } = this.#deps;
    const core = slot.info.id;
    const { error, delay } = this.#retries.after(call, slot, thrown);
    if (error.details.class === 'config') backlog.coreLost();
    if (delay === undefined) {
      table.finish(call, { type: 'fail', at: clock.now(), error });
      return undefined;
    }
    metrics.count(call.facts.caller.principal, (sums) => sums.retries++);
    events.emit('retried', { call, core, code: error.code });
    return delay;
  }
}

/** All that a start takes. */
function needOf(call: Call, slot: CoreSlot, run: Run, outputTokensP90: number | undefined): Need {
  const { id, caller, budgetUsd, budgetUsdBy } = call.facts;
  const expected = run.expected(outputTokensP90, slot);
  return { id, core: slot.info.id, principal: caller.principal, budgetUsd, budgetUsdBy, ...expected };
}

/**
 * What a request is charged: its result if it has one; what is known of it if the call was preempted, had ended before,
 * which charged the same, or failed after the provider had begun to answer; nothing if it had not.
 */
function billedFor(call: Call, run: Run, result: CoreResult | undefined, slice: TimeSlice | undefined): Spent {
  if (call.isFinal || (result === undefined && slice?.expired)) return run.spent();
  if (result === undefined) return run.isBilled ? run.spent() : NOTHING_SPENT;
  return run.charge(result);
}

/** Why a closed request has brought no answer; all undefined: it has. */
function faultOf(call: Call, result: CoreResult | undefined, thrown: unknown) {
  const { state } = call;
  if (result !== undefined) return { error: undefined, status: undefined };
  if (state.status === 'suspended') return { error: 'preempted', status: undefined } as const;
  const { code, details } = 'error' in state ? state.error : SyscallError.from(thrown, 'core-failed');
  return { error: code, status: details.status };
}

/** The answer to a request that need not be made. */
const NOTHING_LEFT: CoreResult = {
  toolCalls: [],
  finishReason: 'length',
  usage: { inputTokens: 0, outputTokens: 0 },
  costUsd: 0,
};
