import type { PendingCall } from '../../schedulers/policy.js';
import type { ToolCallDelta } from '../../syscalls/chat-message.js';
import {
  accepted,
  type CoreId,
  type FinalState,
  isFinal,
  type Millis,
  type SyscallEvent,
  type SyscallId,
  type SyscallState,
  transition,
} from '../../syscalls/syscall.js';
import type { CallSink } from '../call-sink.js';
import type { CallView } from '../call-view.js';
import type { Held } from '../process/held.js';
import type { Spent } from '../spent.js';
import type { CallFacts } from './call-facts.js';
import { CoresLeft } from './cores-left.js';
import { CostsOfCall } from './costs-of-call.js';
import type { StoredCall } from './journal.js';

/** The part of the kernel that has a call in hand: the pending set, the run on a core, a timer before a retry. At most one at a time. */
export interface Holder {
  /** The call became final: forget it. */
  letGo(call: Call): void;
}

/** One accepted `llm.chat`: the kernel's own record, from acceptance to its one end. */
export class Call implements CallView {
  readonly facts: CallFacts;
  readonly expiresAt: Millis | undefined;
  /** Settles once, with the final state, when the journal holds it; never rejects. Replies come from here and from nowhere else. */
  readonly final: Promise<FinalState>;
  /** Settles `final`. Called once, by the table. */
  settle!: (state: FinalState) => void;
  /** Who follows it; undefined: nobody. */
  sink: CallSink | undefined;
  holder: Holder | undefined;
  /** Counts its text while it is open. */
  held: Held | undefined;
  #isAccepted = false;
  #state: SyscallState;
  #view: PendingCall | undefined;
  readonly #cores: CoresLeft;
  #since: Millis;
  #text = '';
  #outputTokens = 0;
  #attempts = 0;
  #failures = 0;
  #preemptions = 0;
  #isSpoken = false;
  readonly #costs = new CostsOfCall();

  constructor(facts: CallFacts, at: Millis, sink: CallSink | undefined) {
    this.facts = facts;
    this.#cores = new CoresLeft(facts.eligible);
    this.sink = sink;
    this.#state = accepted(at);
    this.#since = at;
    this.#attempts = facts.earlierAttempts ?? 0;
    const { deadlineMs } = facts.params;
    this.expiresAt = deadlineMs === undefined ? undefined : at + deadlineMs;
    this.final = new Promise((resolve) => {
      this.settle = resolve;
    });
  }

  get id(): SyscallId {
    return this.facts.id;
  }

  get state(): SyscallState {
    return this.#state;
  }

  get isFinal(): boolean {
    return isFinal(this.#state);
  }

  /** When it last became pending. */
  get since(): Millis {
    return this.#since;
  }

  /** Whether its next run goes on from the text so far. */
  get resumes(): boolean {
    return this.#cores.pinned !== undefined;
  }

  /** The answer so far. Survives a preemption, not a failure. */
  get text(): string {
    return this.#text;
  }

  get outputTokens(): number {
    return this.#outputTokens;
  }

  /** Times that it was given to a core. A run that resumes a preempted one is no new attempt. */
  get attempts(): number {
    return this.#attempts;
  }

  /** Whether a failed attempt ends it: a piece of its stream was sent, and its reader cannot forget it. */
  get isBound(): boolean {
    return this.#isSpoken && this.facts.params.restart === 'forbid';
  }

  /** Attempts that a core has failed; those that it would not take are none. */
  get failures(): number {
    return this.#failures;
  }

  get preemptions(): number {
    return this.#preemptions;
  }

  /** All that it has cost, answered or not, attempts that failed included. */
  get spent(): Spent {
    return this.#costs.all;
  }

  /** What the attempt that answers it has cost. */
  get answered(): Spent {
    return this.#costs.ofAttempt;
  }

  /** Whether the journal holds it, and who follows it knows. */
  get isAccepted(): boolean {
    return this.#isAccepted;
  }

  /** The journal holds it. */
  accept(): void {
    this.#isAccepted = true;
    this.sink?.accepted(this.id, this);
  }

  /** As plain data, from which another kernel can go on. */
  get stored(): StoredCall {
    const { id, caller, agent, params, priority, budgetUsd, budgetUsdBy, allowed, fingerprint } = this.facts;
    const { idempotencyKey: key, task } = params;
    return {
      id,
      caller,
      agent,
      at: this.#state.times.accepted,
      expiresAt: this.expiresAt,
      priority,
      budgetUsd,
      budgetUsdBy,
      cores: allowed,
      key,
      fingerprint,
      task,
      params,
      attempts: this.#attempts,
    };
  }

  apply(event: SyscallEvent): void {
    this.#state = transition(this.#state, event);
    this.#view = undefined;
  }

  /** A request to a core starts. @param meter what that request has cost so far */
  start(at: Millis, meter: () => Spent): void {
    if (!this.resumes) this.#attempts++;
    this.#costs.open(meter);
    this.apply({ type: 'start', at });
    const state = this.#state;
    if (state.status === 'running') this.sink?.started?.(state.core, state.reason);
  }

  /** A piece of the answer came; without text it is something else that was written: a thought, arguments of a tool. */
  take(text: string, tokens: number, at: Millis): void {
    if (this.#state.times.firstToken === undefined) this.apply({ type: 'first-token', at });
    if (text === '') return;
    const offset = this.#text.length;
    this.#text += text;
    this.held?.add(this.facts.caller.principal, text.length);
    this.#outputTokens += tokens;
    this.held?.keepBound();
    // It may have been ended for want of memory.
    if (this.isFinal || !this.#isFollowed) return;
    this.#isSpoken = true;
    this.sink?.text(text, { attempt: this.#attempts, offset });
  }

  /** A piece of a tool call came. */
  takeToolCall(piece: ToolCallDelta): void {
    if (!this.#isFollowed) return;
    this.#isSpoken = true;
    this.sink?.toolCall?.(piece, { attempt: this.#attempts, offset: this.#text.length });
  }

  /** The request is closed. */
  stop(billed: Spent): void {
    this.holder = undefined;
    this.#costs.close(billed);
  }

  /** Preempted: the text so far is kept, and only this core can go on from it. */
  suspend(core: CoreId, at: Millis): void {
    this.#since = at;
    this.#cores.pin(core);
    this.#preemptions++;
    this.apply({ type: 'suspend' });
  }

  /**
   * The core has not answered: the answer starts again, elsewhere if it can.
   *
   * @param why `failed`: it may be tried again when all have failed; `refused`: never again; `lost`: at once
   * @returns whether another core is left; if not, all that have failed may be tried again
   */
  retryWithout(
    core: CoreId,
    why: 'failed' | 'refused' | 'lost',
    at: Millis,
    isUsable: (core: CoreId) => boolean,
  ): boolean {
    this.#since = at;
    this.held?.add(this.facts.caller.principal, -this.#text.length);
    this.#text = '';
    this.#outputTokens = 0;
    this.#costs.lose();
    if (why === 'failed') this.#failures++;
    const isLeft = this.#cores.without(core, why, isUsable);
    if (this.#isFollowed) this.sink?.restart();
    this.apply({ type: 'retry' });
    return isLeft;
  }

  /** Whether who follows it may want its text: a repeat of a call with a key may ask for it later. */
  get #isFollowed(): boolean {
    const { stream, idempotencyKey } = this.facts.params;
    return stream === true || idempotencyKey !== undefined;
  }

  /** Eligible cores that have not refused it. */
  get open(): readonly CoreId[] {
    return this.#cores.open;
  }

  /** What a policy sees of it; the same object until something changes. */
  get view(): PendingCall {
    this.#view ??= this.#makeView();
    return this.#view;
  }

  #makeView(): PendingCall {
    const { id, seq, caller, params, inputTokens, priority } = this.facts;
    const state = this.#state;
    return {
      id,
      seq,
      pid: caller.pid,
      program: caller.program,
      tenant: caller.tenant,
      acceptedAt: state.times.accepted,
      since: this.#since,
      expiresAt: this.expiresAt,
      priority,
      inputTokens,
      eligible: this.#cores.next,
      pinned: this.#cores.pinned,
      placed: state.status === 'scheduled' ? state.core : undefined,
      params,
    };
  }
}
