import { LRUCache } from 'lru-cache';
import type { SyscallId } from '../../../syscalls/syscall.js';
import type { PendingCall } from '../../policy.js';
import type { Choice } from './explanation.js';
import type { Forecast } from './forecast.js';
import type { Wait } from './placement.js';

/** Answers that can still be rated and explained. */
const MOST_ANSWERS = 10_000;

/** What a policy keeps of a call from its arrival to its end. */
export interface HeldCall {
  /** As it was seen last. */
  view: PendingCall;
  readonly forecast: Forecast;
  /** When its program has its turn for it, seconds of virtual time; 0 where programs do not take turns. */
  readonly turnS: number;
  /** The last tick that looked at it. */
  seenTick: number;
  /** The last decision that placed it, and its tick. */
  choice: Choice | undefined;
  placedTick: number;
  /** What it was left waiting for in the last tick, although a slot was free for it. */
  waitsFor: Wait | undefined;
}

/** What was decided of a call that was answered, to be compared with its rating. */
export interface Answer {
  readonly choice: Choice;
  /** Of the core that answered. */
  readonly column: number;
  /** What it was rated last; undefined: it was not. */
  rated: number | undefined;
}

/** Calls by id, and the answers that can still be rated and explained. */
export class HeldCalls {
  readonly #held = new Map<SyscallId, HeldCall>();
  readonly #answers = new LRUCache<SyscallId, Answer>({ max: MOST_ANSWERS });

  add(view: PendingCall, forecast: Forecast, turnS: number, tick: number): void {
    const never = { choice: undefined, placedTick: -1, waitsFor: undefined };
    this.#held.set(view.id, { view, forecast, turnS, seenTick: tick, ...never });
  }

  get(id: SyscallId): HeldCall | undefined {
    return this.#held.get(id);
  }

  /** Takes over a call as it is seen now. Undefined: it is not held. */
  see(view: PendingCall, tick: number): HeldCall | undefined {
    const held = this.#held.get(view.id);
    if (held === undefined) return undefined;
    held.view = view;
    held.seenTick = tick;
    held.waitsFor = undefined;
    return held;
  }

  /** Keeps the decision that placed a call. */
  place(id: SyscallId, choice: Choice, tick: number): void {
    const held = this.#held.get(id);
    if (held === undefined) return;
    held.choice = choice;
    held.placedTick = tick;
  }

  /** Lets go of a call. */
  remove(id: SyscallId): HeldCall | undefined {
    const held = this.#held.get(id);
    this.#held.delete(id);
    return held;
  }

  keepAnswer(id: SyscallId, answer: Answer): void {
    this.#answers.set(id, answer);
  }

  /** Undefined: it is not known, or was too long ago. */
  answer(id: SyscallId): Answer | undefined {
    return this.#answers.peek(id);
  }
}
