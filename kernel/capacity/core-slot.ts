import type { SchedulableCore } from '../../schedulers/policy.js';
import type { CoreInfo, CoreView } from '../../syscalls/cores.js';
import type { Millis, SyscallId } from '../../syscalls/syscall.js';
import type { Clock } from '../clock.js';
import type { LLMCore } from '../cores/core.js';
import { CoreQueue } from './core-queue.js';
import { RateWindow } from './rate-window.js';

/** When to look again at a core that takes nothing and does not say until when. */
const UNKNOWN_RECOVERY_MS = 1000;

/** What a reload may change of a core. */
export type CoreLimits = Pick<CoreInfo, 'cap' | 'requestsPerMinute' | 'tokensPerMinute'>;

/** One core in the kernel: its queue, and everything that says whether a call may start now. */
export class CoreSlot {
  readonly core: LLMCore;
  readonly queue: CoreQueue;
  readonly #clock: Clock;
  readonly #onOpen: () => void;
  readonly #window: RateWindow;
  #info: CoreInfo;
  /** Nothing starts before: the provider said so. */
  #closedUntil: Millis = 0;
  #closed = false;
  /** The call that the limits per minute have turned away last, for which room is kept. */
  #refused: { readonly id: SyscallId; readonly tokens: number } | undefined;
  #cancelTimer: (() => void) | undefined;

  /** @param onOpen a slot may have become free */
  constructor(core: LLMCore, clock: Clock, onOpen: () => void) {
    this.core = core;
    this.#info = core.info;
    this.#clock = clock;
    this.#onOpen = onOpen;
    this.#window = new RateWindow(core.info);
    this.queue = new CoreQueue(core.info.cap);
  }

  get info(): CoreInfo {
    return this.#info;
  }

  /** Calls that can start now. */
  free(): number {
    const now = this.#clock.now();
    if (this.#opensAt(now) > now) return 0;
    const { cap } = this.#info;
    return Math.max(0, Math.min(cap - this.queue.running, this.#window.requestsLeft(now), this.#healthySlots()));
  }

  schedulable(): SchedulableCore {
    // Members behind a spread make V8 leave its fast path, at 20 times the price, and every tick comes here.
    return { running: this.queue.running, free: this.free(), ...this.#info };
  }

  view(): CoreView {
    const now = this.#clock.now();
    const { running, held } = this.queue;
    return { ...this.#info, running, queued: held, state: this.#opensAt(now) > now ? 'cooling' : 'up' };
  }

  /**
   * Asks the limits per minute for a call that is about to start. Where they say no, nothing starts until there is room
   * for this very call, or it is gone: else smaller ones would take the room again and again.
   *
   * @param tokens what the call is expected to use
   * @returns tells what it used in the end; undefined when it must not start now
   */
  admit(id: SyscallId, tokens: number): ((used: number) => void) | undefined {
    const now = this.#clock.now();
    if (this.#window.opensAt(now, tokens) > now) {
      this.#refused = { id, tokens };
      this.refresh();
      return undefined;
    }
    if (this.#refused?.id === id) this.#refused = undefined;
    const settle = this.#window.take(now, tokens);
    if (this.#opensAt(now) > now) this.refresh();
    return settle;
  }

  /** A pending call has ended: nothing is kept free for it any more. */
  forget(id: SyscallId): void {
    if (this.#refused?.id !== id) return;
    this.#refused = undefined;
    this.refresh();
    this.#onOpen();
  }

  closeUntil(at: Millis): void {
    this.#closedUntil = Math.max(this.#closedUntil, at);
    this.refresh();
  }

  /** Sets the gate of the queue by cap, closing time and health. Called after anything that may have changed one of them. */
  refresh(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (this.#closed) return;
    const now = this.#clock.now();
    const opensAt = this.#opensAt(now);
    if (opensAt <= now) {
      this.queue.setGate(Math.min(this.#info.cap, this.queue.running + this.#healthySlots()));
      return;
    }
    this.queue.setGate(0);
    this.#cancelTimer = this.#clock.after(opensAt - now, () => {
      this.refresh();
      this.#onOpen();
    });
  }

  /** The first moment from `now` on at which anything may start. */
  #opensAt(now: Millis): Millis {
    const health = this.core.health?.();
    const healthyAt = health?.slots === 0 ? (health.retryAt ?? now + UNKNOWN_RECOVERY_MS) : now;
    return Math.max(now, this.#closedUntil, healthyAt, this.#window.opensAt(now, this.#refused?.tokens ?? 1));
  }

  #healthySlots(): number {
    return this.core.health?.().slots ?? Number.POSITIVE_INFINITY;
  }

  /** Takes over new limits. Calls that run already are left alone. */
  reload({ cap, requestsPerMinute, tokensPerMinute }: CoreLimits): void {
    const { requestsPerMinute: _requests, tokensPerMinute: _tokens, ...fixed } = this.#info;
    this.#info = {
      ...fixed,
      cap,
      ...(requestsPerMinute === undefined ? {} : { requestsPerMinute }),
      ...(tokensPerMinute === undefined ? {} : { tokensPerMinute }),
    };
    this.#window.limits = { requestsPerMinute, tokensPerMinute };
    this.refresh();
    this.#onOpen();
  }

  /** Sets no timer any more. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelTimer?.();
    await this.core.close?.();
  }
}
