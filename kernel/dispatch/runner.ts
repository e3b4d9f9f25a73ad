import type { Price } from '../../syscalls/cores.js';
import { SyscallError } from '../../syscalls/errors.js';
import type { ChatReply } from '../../syscalls/llm-chat.js';
import type { CoreId, Millis } from '../../syscalls/syscall.js';
import { budgetExhausted } from '../call/admission.js';
import { addUp, type Call, type Spent } from '../call/call.js';
import type { SyscallTable } from '../call/call-table.js';
import type { CoreSlot } from '../capacity/core-slot.js';
import type { Clock } from '../clock.js';
import type { KernelLimits } from '../config/limits.js';
import { type CoreChunk, type CoreRequest, type CoreResult, costOf } from '../cores/core.js';
import type { KernelEvents } from '../events.js';
import type { Metrics } from '../metrics.js';
import type { PolicyGuard } from './policy-guard.js';
import { TimeSlice } from './time-slice.js';

/** What becomes of a call after a run: it has ended, or it is pending again, at once or later. */
export type Fate = 'ended' | 'pending' | { readonly pendingAfter: Millis };

/** Output tokens that a limit per minute reserves for a call without `maxTokens`; corrected when it has ended. */
const RESERVED_OUTPUT_TOKENS = 512;

/** What a run needs to know of the other calls and cores. */
export interface Surroundings {
  /** Whether a call of another agent waits for this core and could start on it. */
  readonly contended: () => boolean;
  /** Whether a core is switched on. */
  readonly isUsable: (core: CoreId) => boolean;
}

/** Gives calls to cores and turns whatever comes back into the next state. */
export class Runner {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #policy: PolicyGuard;
  readonly #table: SyscallTable;
  readonly #metrics: Metrics;
  readonly #events: KernelEvents;
  readonly #limits: () => KernelLimits;

  constructor(deps: {
    readonly clock: Clock;
    /** Numbers from 0 up to 1, for the jitter of retries. */
    readonly random: () => number;
    readonly policy: PolicyGuard;
    readonly table: SyscallTable;
    readonly metrics: Metrics;
    readonly events: KernelEvents;
    readonly limits: () => KernelLimits;
  }) {
    this.#clock = deps.clock;
    this.#random = deps.random;
    this.#policy = deps.policy;
    this.#table = deps.table;
    this.#metrics = deps.metrics;
    this.#events = deps.events;
    this.#limits = deps.limits;
  }

  /**
   * Runs a scheduled call until the core's request is closed. Never rejects.
   */
  async run(call: Call, slot: CoreSlot, { contended, isUsable }: Surroundings): Promise<Fate> {
    const core = slot.info.id;
    const { principal, account } = call.facts.process;
    if (account.costUsd >= principal.budgetUsd) {
      this.#table.fail(call, budgetExhausted(principal));
      return 'ended';
    }
    const run = new Run(call, slot.info.price, this.#clock);
    const settle = slot.admit(call.id, run.expectedTokens);
    if (settle === undefined) {
      call.apply({ type: 'withdraw' });
      return 'pending';
    }
    if (!run.resumed) call.attempts++;
    call.apply({ type: 'start', at: this.#clock.now() });
    this.#events.emit('started', { syscallId: call.id, core, running: slot.queue.running });

    const controller = new AbortController();
    call.holder = { letGo: () => controller.abort() };
    call.meter = () => run.spent();
    const slice = this.#slice(slot, contended, controller);
    let used: number | undefined;
    try {
      const onChunk = (chunk: CoreChunk) => {
        run.take(chunk);
        slice?.progress();
      };
      const result = run.isExhausted
        ? NOTHING_LEFT
        : await slot.core.chat(run.request, { signal: controller.signal, onChunk });
      used = result.usage.inputTokens + result.usage.outputTokens;
      if (!call.isFinal) this.#complete(call, core, run, result);
      return 'ended';
    } catch (thrown) {
      if (call.isFinal) return 'ended';
      call.holder = undefined;
      call.meter = undefined;
      if (slice?.expired) return this.#suspend(call, slot, run);
      return this.#fail(call, slot, SyscallError.from(thrown, 'core-failed'), isUsable);
    } finally {
      slice?.stop();
      settle(used ?? run.usedTokens);
      this.#events.emit('closed', { syscallId: call.id, core, running: slot.queue.running - 1 });
    }
  }

  #slice(slot: CoreSlot, contended: () => boolean, controller: AbortController): TimeSlice | undefined {
    const { timeSliceMs } = this.#policy;
    if (timeSliceMs === undefined || !slot.info.supportsPrefix) return undefined;
    return new TimeSlice(this.#clock, timeSliceMs, contended, controller);
  }

  #complete(call: Call, core: string, run: Run, result: CoreResult): void {
    const at = this.#clock.now();
    const { usage, costUsd } = result;
    call.holder = undefined;
    call.meter = undefined;
    call.billed = addUp(call.billed, { reprefillTokens: run.resumed ? usage.inputTokens : 0, costUsd, ...usage });
    const { billed, state, preemptions } = call;
    const { accepted, scheduled = at, started = at, firstToken } = state.times;
    const reply: ChatReply = {
      syscallId: call.id,
      text: call.text,
      toolCalls: [...result.toolCalls],
      finishReason: result.finishReason,
      usage: {
        inputTokens: billed.inputTokens,
        outputTokens: billed.outputTokens,
        reprefillTokens: billed.reprefillTokens,
        ...(preemptions > 0 || result.usageCounted ? { estimated: true } : {}),
      },
      costUsd: billed.costUsd,
      core,
      reason: 'reason' in state ? state.reason : '',
      attempts: call.attempts,
      preemptions,
      times: { accepted, scheduled, started, ...(firstToken === undefined ? {} : { firstToken }), ended: at },
    };
    this.#table.finish(call, { type: 'complete', at, reply });
  }

  #suspend(call: Call, slot: CoreSlot, run: Run): Fate {
    call.billed = addUp(call.billed, run.spent());
    call.suspend(slot.info.id, this.#clock.now());
    this.#metrics.preemptions++;
    this.#events.emit('preempted', { syscallId: call.id, core: slot.info.id });
    return 'pending';
  }

  #fail(call: Call, slot: CoreSlot, error: SyscallError, isUsable: Surroundings['isUsable']): Fate {
    const { maxAttempts, retryBackoffMs } = this.#limits();
    const at = this.#clock.now();
    if (error.retryAfterMs !== undefined) slot.closeUntil(at + error.retryAfterMs);
    if (!error.retryable || call.facts.params.retry === 'never' || call.attempts >= maxAttempts) {
      this.#table.finish(call, { type: 'fail', at, error });
      return 'ended';
    }
    this.#metrics.retries++;
    this.#events.emit('retried', { syscallId: call.id, core: slot.info.id, code: error.code });
    call.facts.stream?.restart();
    if (call.retryWithout(slot.info.id, at, isUsable)) return 'pending';
    // Every core has failed it: full jitter, as in "Exponential Backoff and Jitter" (AWS Architecture Blog, 2015).
    const ceiling = Math.min(retryBackoffMs.max, retryBackoffMs.base * 2 ** (call.attempts - 1));
    return { pendingAfter: Math.max(this.#random() * ceiling, error.retryAfterMs ?? 0) };
  }
}

/** The answer to a request that need not be made. */
const NOTHING_LEFT: CoreResult = {
  toolCalls: [],
  finishReason: 'length',
  usage: { inputTokens: 0, outputTokens: 0 },
  costUsd: 0,
};

/** One request to a core, from its start to its end. */
class Run {
  readonly request: CoreRequest;
  /** Whether it goes on from an earlier slice. */
  readonly resumed: boolean;
  readonly #call: Call;
  readonly #clock: Clock;
  /** Output tokens of this run. */
  tokens = 0;

  readonly #price: Price;

  constructor(call: Call, price: Price, clock: Clock) {
    this.#call = call;
    this.#price = price;
    this.#clock = clock;
    this.resumed = call.resumes;
    const { params, inputTokens } = call.facts;
    const { text: prefix, outputTokens: prefixTokens } = call;
    const maxTokens = params.maxTokens === undefined ? undefined : params.maxTokens - prefixTokens;
    this.request = { params, inputTokens, prefix, prefixTokens, maxTokens };
  }

  /** Preempted just when it had all the tokens that it may have. */
  get isExhausted(): boolean {
    return this.request.maxTokens !== undefined && this.request.maxTokens <= 0;
  }

  /** What the provider will charge for it as far as it is known: its whole prompt, and the tokens it has written. */
  spent(): Spent {
    const inputTokens = this.request.inputTokens + this.request.prefixTokens;
    const usage = { inputTokens, outputTokens: this.tokens };
    return { ...usage, reprefillTokens: this.resumed ? inputTokens : 0, costUsd: costOf(this.#price, usage) };
  }

  /** What the limits per minute set aside for it. */
  get expectedTokens(): number {
    const { inputTokens, prefixTokens, maxTokens } = this.request;
    return inputTokens + prefixTokens + (maxTokens ?? RESERVED_OUTPUT_TOKENS);
  }

  get usedTokens(): number {
    const { inputTokens, prefixTokens } = this.request;
    return inputTokens + prefixTokens + this.tokens;
  }

  take({ text, tokens }: CoreChunk): void {
    const call = this.#call;
    if (call.isFinal) return;
    if (call.state.times.firstToken === undefined) call.apply({ type: 'first-token', at: this.#clock.now() });
    call.text += text;
    call.outputTokens += tokens;
    this.tokens += tokens;
    call.facts.stream?.push(text);
  }
}
