import type { SchedulerPolicy } from '../schedulers/policy.js';
import { SyscallError } from '../syscalls/errors.js';
import type { ChatReply } from '../syscalls/llm-chat.js';
import type { Millis } from '../syscalls/syscall.js';
import type { Call } from './call.js';
import type { Clock } from './clock.js';
import type { KernelLimits } from './config-limits.js';
import type { CoreSlot } from './core-slot.js';
import { type CoreChunk, type CoreRequest, type CoreResult, costOf } from './cores/core.js';
import type { KernelEvents } from './events.js';
import type { Metrics } from './metrics.js';
import type { SyscallTable } from './syscall-table.js';
import { TimeSlice } from './time-slice.js';

/** What becomes of a call after a run: it has ended, or it is pending again, at once or later. */
export type Fate = 'ended' | 'pending' | { readonly pendingAfter: Millis };

/** Output tokens that a limit per minute reserves for a call without `maxTokens`; corrected when it has ended. */
const RESERVED_OUTPUT_TOKENS = 512;

/** Gives calls to cores and turns whatever comes back into the next state. */
export class Runner {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #policy: SchedulerPolicy;
  readonly #table: SyscallTable;
  readonly #metrics: Metrics;
  readonly #events: KernelEvents;
  readonly #limits: () => KernelLimits;

  constructor(deps: {
    readonly clock: Clock;
    /** Numbers from 0 up to 1, for the jitter of retries. */
    readonly random: () => number;
    readonly policy: SchedulerPolicy;
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
   *
   * @param contended whether a call of another agent waits for this core
   */
  async run(call: Call, slot: CoreSlot, contended: () => boolean): Promise<Fate> {
    const core = slot.info.id;
    const run = new Run(call, this.#clock);
    const settle = slot.admit(run.expectedTokens);
    if (settle === undefined) {
      call.apply({ type: 'withdraw' });
      return 'pending';
    }
    if (!run.resumed) call.attempts++;
    call.apply({ type: 'start', at: this.#clock.now() });
    this.#events.emit('started', { syscallId: call.id, core, running: slot.queue.running });

    const controller = new AbortController();
    call.holder = { letGo: () => controller.abort() };
    const slice = this.#slice(slot, contended, controller);
    try {
      const onChunk = (chunk: CoreChunk) => {
        run.take(chunk);
        slice?.progress();
      };
      const result = await slot.core.chat(run.request, { signal: controller.signal, onChunk });
      if (!call.isFinal) this.#complete(call, core, run, result);
      return 'ended';
    } catch (thrown) {
      if (call.isFinal) return 'ended';
      call.holder = undefined;
      if (slice?.expired) return this.#suspend(call, slot, run);
      return this.#fail(call, slot, SyscallError.from(thrown, 'core-failed'));
    } finally {
      slice?.stop();
      settle(run.usedTokens);
      this.#events.emit('closed', { syscallId: call.id, core, running: slot.queue.running - 1 });
    }
  }

  #slice(slot: CoreSlot, contended: () => boolean, controller: AbortController): TimeSlice | undefined {
    const { timeSliceMs } = this.#policy;
    if (timeSliceMs === undefined || !slot.info.supportsPrefix) return undefined;
    return new TimeSlice(this.#clock, timeSliceMs, contended, controller);
  }

  #complete(call: Call, core: string, run: Run, result: CoreResult): void {
    call.holder = undefined;
    const at = this.#clock.now();
    const { billed, state } = call;
    const { inputTokens, outputTokens } = result.usage;
    const { accepted, scheduled = at, started = at, firstToken } = state.times;
    const reply: ChatReply = {
      syscallId: call.id,
      text: call.text,
      toolCalls: [...result.toolCalls],
      finishReason: result.finishReason,
      usage: {
        inputTokens: billed.inputTokens + inputTokens,
        outputTokens: billed.outputTokens + outputTokens,
        reprefillTokens: billed.reprefillTokens + (run.resumed ? inputTokens : 0),
        ...(call.preemptions > 0 || result.usageCounted ? { estimated: true } : {}),
      },
      costUsd: billed.costUsd + result.costUsd,
      core,
      reason: 'reason' in state ? state.reason : '',
      attempts: call.attempts,
      preemptions: call.preemptions,
      times: { accepted, scheduled, started, ...(firstToken === undefined ? {} : { firstToken }), ended: at },
    };
    this.#table.finish(call, { type: 'complete', at, reply });
  }

  /** Charges the slice as the provider will: its whole prompt, and the tokens it wrote. */
  #suspend(call: Call, slot: CoreSlot, run: Run): Fate {
    const usage = { inputTokens: run.request.inputTokens + run.request.prefixTokens, outputTokens: run.tokens };
    const { billed } = call;
    call.billed = {
      inputTokens: billed.inputTokens + usage.inputTokens,
      outputTokens: billed.outputTokens + usage.outputTokens,
      reprefillTokens: billed.reprefillTokens + (run.resumed ? usage.inputTokens : 0),
      costUsd: billed.costUsd + costOf(slot.info.price, usage),
    };
    call.suspend(slot.info.id, this.#clock.now());
    this.#metrics.preemptions++;
    this.#events.emit('preempted', { syscallId: call.id, core: slot.info.id });
    return 'pending';
  }

  #fail(call: Call, slot: CoreSlot, error: SyscallError): Fate {
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
    if (call.retryWithout(slot.info.id, at)) return 'pending';
    // Every core has failed it: full jitter, as in "Exponential Backoff and Jitter" (AWS Architecture Blog, 2015).
    const ceiling = Math.min(retryBackoffMs.max, retryBackoffMs.base * 2 ** (call.attempts - 1));
    return { pendingAfter: Math.max(this.#random() * ceiling, error.retryAfterMs ?? 0) };
  }
}

/** One request to a core, from its start to its end. */
class Run {
  readonly request: CoreRequest;
  /** Whether it goes on from an earlier slice. */
  readonly resumed: boolean;
  readonly #call: Call;
  readonly #clock: Clock;
  /** Output tokens of this run. */
  tokens = 0;

  constructor(call: Call, clock: Clock) {
    this.#call = call;
    this.#clock = clock;
    this.resumed = call.resumes;
    const { params, inputTokens } = call.facts;
    const { text: prefix, outputTokens: prefixTokens } = call;
    const maxTokens = params.maxTokens === undefined ? undefined : Math.max(1, params.maxTokens - prefixTokens);
    this.request = { params, inputTokens, prefix, prefixTokens, maxTokens };
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
