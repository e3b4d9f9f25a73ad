import type { PendingCall } from '../../schedulers/policy.js';
import type { ChatParams } from '../../syscalls/llm-chat.js';
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
import type { ChunkStream } from '../doors/ws/chunk-stream.js';
import type { Process } from '../process/process-table.js';

/** Tokens and US dollars of one or more requests. */
export interface Spent {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** The part of `inputTokens` that was sent again because the call was preempted. */
  readonly reprefillTokens: number;
  readonly costUsd: number;
}

export function addUp(a: Spent, b: Spent): Spent {
  return {
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    reprefillTokens: a.reprefillTokens + b.reprefillTokens,
    costUsd: a.costUsd + b.costUsd,
  };
}

/** Whoever has a call in hand: the pending set, the run on a core, a timer before a retry. At most one at a time. */
export interface Holder {
  /** The call became final: forget it. */
  letGo(call: Call): void;
}

export interface CallFacts {
  readonly id: SyscallId;
  /** Order of acceptance. */
  readonly seq: number;
  readonly process: Process;
  readonly params: ChatParams;
  readonly inputTokens: number;
  /** Characters that the call keeps in memory. */
  readonly size: number;
  readonly priority: number;
  /** Cores that can serve it, in config order; at least one. */
  readonly eligible: readonly CoreId[];
  readonly stream: ChunkStream | undefined;
}

/** One accepted `llm.chat`: the kernel's own record, from acceptance to its one end. */
export class Call {
  readonly facts: CallFacts;
  readonly expiresAt: Millis | undefined;
  /** Settles once, with the final state; never rejects. Replies come from here and from nowhere else. */
  readonly final: Promise<FinalState>;
  #settle!: (state: FinalState) => void;
  #state: SyscallState;
  #view: PendingCall | undefined;
  #failed: readonly CoreId[] = [];
  #pinned: CoreId | undefined;
  #since: Millis;
  holder: Holder | undefined;

  /** The answer so far. Survives a preemption, not a failure. */
  text = '';
  outputTokens = 0;
  attempts = 0;
  preemptions = 0;
  /** What was billed for requests that are closed. */
  billed: Spent = { inputTokens: 0, outputTokens: 0, reprefillTokens: 0, costUsd: 0 };
  /** What the request that is open now has cost so far; set while one is. */
  meter: (() => Spent) | undefined;

  constructor(facts: CallFacts, at: Millis) {
    this.facts = facts;
    this.#state = accepted(at);
    this.#since = at;
    const { deadlineMs } = facts.params;
    this.expiresAt = deadlineMs === undefined ? undefined : at + deadlineMs;
    this.final = new Promise((resolve) => {
      this.#settle = resolve;
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

  /** Whether its next run goes on from the text so far. */
  get resumes(): boolean {
    return this.#pinned !== undefined;
  }

  apply(event: SyscallEvent): void {
    this.#state = transition(this.#state, event);
    this.#view = undefined;
    if (isFinal(this.#state)) this.#settle(this.#state);
  }

  /** All that it has cost, answered or not. */
  spent(): Spent {
    return this.meter === undefined ? this.billed : addUp(this.billed, this.meter());
  }

  /** Preempted: the text so far is kept, and only this core can go on from it. */
  suspend(core: CoreId, at: Millis): void {
    this.#since = at;
    this.#pinned = core;
    this.preemptions++;
    this.apply({ type: 'suspend' });
  }

  /**
   * The core failed: the answer starts anew, elsewhere if it can.
   *
   * @returns whether another core is left; if not, all of them may be tried again
   */
  retryWithout(core: CoreId, at: Millis, isUsable: (core: CoreId) => boolean): boolean {
    this.#since = at;
    this.#pinned = undefined;
    this.text = '';
    this.outputTokens = 0;
    this.#failed = [...this.#failed, core];
    const left = this.facts.eligible.some((id) => isUsable(id) && !this.#failed.includes(id));
    if (!left) this.#failed = [];
    this.apply({ type: 'retry' });
    return left;
  }

  /** What a policy sees of it; the same object until something changes. */
  get view(): PendingCall {
    this.#view ??= this.#makeView();
    return this.#view;
  }

  #makeView(): PendingCall {
    const { id, seq, process, params, inputTokens, priority } = this.facts;
    const state = this.#state;
    return {
      id,
      seq,
      pid: process.pid,
      tenant: process.tenant,
      acceptedAt: state.times.accepted,
      since: this.#since,
      expiresAt: this.expiresAt,
      priority,
      inputTokens,
      eligible: this.#eligibleNow(),
      pinned: this.#pinned,
      placed: state.status === 'scheduled' ? state.core : undefined,
      params,
    };
  }

  #eligibleNow(): readonly CoreId[] {
    if (this.#pinned !== undefined) return [this.#pinned];
    const { eligible } = this.facts;
    return this.#failed.length === 0 ? eligible : eligible.filter((core) => !this.#failed.includes(core));
  }
}
