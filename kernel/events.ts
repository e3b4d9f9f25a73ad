import { EventEmitter } from 'eventemitter3';
import type { FinishedCall, SchedulerPolicy } from '../schedulers/policy.js';
import type { ChatMessage } from '../syscalls/chat-message.js';
import type { Rater } from '../syscalls/control.js';
import type { ErrorCode } from '../syscalls/errors.js';
import type { CoreId, FinalState, Millis } from '../syscalls/syscall.js';
import type { AgentView, CallerView, CallView } from './call-view.js';
import type { Spent } from './spent.js';

/**
 * What happens in the kernel, for those who watch: metrics, traces, recorders, comparisons. Nothing that a reply depends on
 * goes through here: without a single listener every syscall still ends.
 */
export interface KernelEventMap {
  /** An agent has said hello. */
  entered: (event: { readonly at: Millis; readonly agent: AgentView }) => void;
  /** It has ended, for whatever reason. */
  left: (event: { readonly at: Millis; readonly agent: AgentView }) => void;
  /** `messages`: what is said, which no other event holds. */
  accepted: (event: { readonly call: CallView; readonly messages: readonly ChatMessage[] }) => void;
  /** An `llm.chat` was not accepted. */
  refused: (event: { readonly caller: CallerView; readonly code: ErrorCode }) => void;
  /** A core's queue holds it now. `reason`: the policy's one line on why this core. */
  scheduled: (event: { readonly call: CallView; readonly core: CoreId; readonly reason: string }) => void;
  /** No queue holds it any more. */
  withdrawn: (event: { readonly call: CallView }) => void;
  started: (event: {
    readonly at: Millis;
    readonly call: CallView;
    readonly core: CoreId;
    /** Calls on the core, this one included. */
    readonly running: number;
    readonly reason: string;
    /** How long it was pending before this start. */
    readonly waitMs: Millis;
    /** Whether it goes on from the text that it had when it was preempted. */
    readonly resumed: boolean;
  }) => void;
  /** The first piece of the answer to this request. `ms`: since the request started. */
  firstToken: (event: { readonly call: CallView; readonly core: CoreId; readonly ms: Millis }) => void;
  /** The request to the core is closed: its slot is free. Comes after `final` where the request ends the call. */
  closed: (event: {
    readonly at: Millis;
    readonly call: CallView;
    readonly core: CoreId;
    /** Calls that are left on the core. */
    readonly running: number;
    /** Since the request started. */
    readonly ms: Millis;
    /** What this request is charged. */
    readonly spent: Spent;
    /** Why it brought no answer; undefined: it did. */
    readonly error: ErrorCode | 'preempted' | undefined;
    /** HTTP status of the provider, where it failed with one. */
    readonly status: number | undefined;
  }) => void;
  retried: (event: { readonly call: CallView; readonly core: CoreId; readonly code: ErrorCode }) => void;
  preempted: (event: { readonly call: CallView; readonly core: CoreId }) => void;
  final: (event: { readonly call: CallView; readonly state: FinalState }) => void;
  /** An answer was rated, 0 to 1; once for each answer and rater. */
  feedback: (event: { readonly call: FinishedCall; readonly quality: number; readonly by: Rater }) => void;
  /** The policy has prepared one batch of new calls. */
  prepared: (event: { readonly calls: number; readonly ms: Millis }) => void;
  tick: (event: {
    readonly at: Millis;
    readonly pending: number;
    readonly placed: number;
    readonly decisionMs: number;
  }) => void;
  /** What the policy does in this hook, the kernel did in its place or left undone. */
  policyThrew: (event: { readonly hook: keyof SchedulerPolicy; readonly error: unknown }) => void;
}

type EventName = keyof KernelEventMap;
type AnyListener = (event: never) => unknown;

/** Takes events to listeners, in the order in which they came. What a listener throws reaches neither the kernel nor the others. */
export class KernelEvents {
  readonly #emitter = new EventEmitter<Record<EventName, (event: unknown) => void>>();
  readonly #guarded = new WeakMap<AnyListener, (event: unknown) => void>();
  readonly #onThrow: (error: unknown, event: EventName) => void;

  /** @param onThrow receives the first fault of each listener. @default nobody does */
  constructor(onThrow: (error: unknown, event: EventName) => void = () => {}) {
    this.#onThrow = onThrow;
  }

  on<Name extends EventName>(name: Name, listener: KernelEventMap[Name]): void {
    this.#emitter.on(name, this.#guard(name, listener));
  }

  off<Name extends EventName>(name: Name, listener: KernelEventMap[Name]): void {
    const guarded = this.#guarded.get(listener);
    if (guarded !== undefined) this.#emitter.off(name, guarded);
  }

  emit<Name extends EventName>(name: Name, event: Parameters<KernelEventMap[Name]>[0]): void {
    this.#emitter.emit(name, event);
  }

  #guard(name: EventName, listener: AnyListener): (event: unknown) => void {
    const known = this.#guarded.get(listener);
    if (known !== undefined) return known;
    const listen = listener as (event: unknown) => unknown;
    let hasThrown = false;
    const threw = (error: unknown) => {
      if (!hasThrown) this.#onThrow(error, name);
      hasThrown = true;
    };
    const guarded = (event: unknown) => {
      try {
        const result = listen(event);
        // Nobody waits for a listener that is async, and its rejection must not end the process.
        if (result instanceof Promise) result.catch(threw);
      } catch (error) {
        threw(error);
      }
    };
    this.#guarded.set(listener, guarded);
    return guarded;
  }
}
