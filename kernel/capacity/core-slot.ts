import type { SchedulableCore } from '../../schedulers/policy.js';
import type { CoreInfo, CoreView } from '../../syscalls/cores.js';
import type { Millis } from '../../syscalls/syscall.js';
import type { Clock } from '../clock.js';
import type { Learnt, LLMCore } from '../cores/core.js';
import type { Capacity, CoreLimits } from './capacity.js';
import { CoreQueue } from './core-queue.js';

/** When to look again at a core that takes nothing and does not say until when. */
const UNKNOWN_RECOVERY_MS = 1000;
/** Output tokens that a call is expected to need on a core that has not answered yet. */
const FIRST_MEAN_TOKENS = 512;
/** Tokens of the smallest context window that is believed. */
const LEAST_WINDOW = 256;
/** Least time between two lines of the log on numbers of a core that cannot be. */
const DOUBT_MS = 60_000;
/** Share of the way to a shorter answer by which each one lowers what a long one has raised. */
const LONG_STEP = 0.02;
/** Weight of the newest answer in the mean of a core. */
const MEAN_STEP = 0.05;

/** One core in the kernel: its queue, and everything that says whether a call may start now. */
export class CoreSlot {
  readonly core: LLMCore;
  readonly queue: CoreQueue;
  readonly #clock: Clock;
  readonly #capacity: Capacity;
  readonly #onOpen: () => void;
  #info: CoreInfo;
  /** Nothing starts before: the provider said so. */
  #closedUntil: Millis = 0;
  /** Capacity has refused a start here, and has reported nothing since. */
  #full = false;
  #stopped = false;
  #meanTokens: number | undefined;
  #longTokens: number | undefined;
  #lastFault: CoreView['lastFault'];
  /** What a policy was shown last, and of what it was made. */
  #seen: { readonly core: SchedulableCore; readonly info: CoreInfo } | undefined;
  #doubtedAt: Millis = Number.NEGATIVE_INFINITY;
  #cancelTimer: (() => void) | undefined;

  /** @param onOpen a slot may have become free */
  constructor(core: LLMCore, { clock, capacity }: { clock: Clock; capacity: Capacity }, onOpen: () => void) {
    this.core = core;
    this.#info = core.info;
    this.#clock = clock;
    this.#capacity = capacity;
    this.#onOpen = onOpen;
    this.queue = new CoreQueue(core.info.cap);
  }

  get info(): CoreInfo {
    return this.#info;
  }

  /** Output tokens of an answer of this core: an exponential mean. */
  get meanOutputTokens(): number {
    return this.#meanTokens ?? FIRST_MEAN_TOKENS;
  }

  /**
   * Output tokens that an answer of this core is likely to stay below: the longest of late. Before the first one half of the tokens of
   * a minute, so that few calls start until something is known.
   */
  get longOutputTokens(): number {
    const { tokensPerMinute = 2 * FIRST_MEAN_TOKENS } = this.#info;
    return this.#longTokens ?? Math.ceil(tokensPerMinute / 2);
  }

  /** Calls that can start now. */
  free(): number {
    const now = this.#clock.now();
    if (this.#full || this.#opensAt(now) > now) return 0;
    const { id, cap } = this.#info;
    return Math.max(0, Math.min(cap - this.queue.running, this.#capacity.free(id), this.#healthySlots()));
  }

  schedulable(): SchedulableCore {
    const { running } = this.queue;
    const free = this.free();
    const { core, info } = this.#seen ?? {};
    // Every tick comes here with all cores, of which few have changed.
    if (core !== undefined && info === this.#info && core.running === running && core.free === free) return core;
    // Members behind a spread make V8 leave its fast path, at 20 times the price.
    const now: SchedulableCore = { running, free, ...this.#info };
    this.#seen = { core: now, info: this.#info };
    return now;
  }

  view(): CoreView {
    const { running, held } = this.queue;
    const opensAt = this.#opensAt(this.#clock.now());
    const { requests, tokens } = this.#capacity.left?.(this.#info.id) ?? {};
    // Every hello comes here with all cores: see `schedulable`.
    const usual: CoreView = { running, queued: held, state: this.isCooling ? 'cooling' : 'up', ...this.#info };
    const isClosed = opensAt > this.#clock.now();
    if (requests === undefined && tokens === undefined && !isClosed && this.#lastFault === undefined) return usual;
    return {
      ...(requests === undefined ? {} : { requestsLeft: requests }),
      ...(tokens === undefined ? {} : { tokensLeft: tokens }),
      ...(isClosed ? { closedUntil: opensAt } : {}),
      ...(this.#lastFault === undefined ? {} : { lastFault: this.#lastFault }),
      ...usual,
    };
  }

  /** Nothing may start, even if a slot were free. */
  get isCooling(): boolean {
    const now = this.#clock.now();
    return this.#opensAt(now) > now || !this.#capacity.isOpen(this.#info.id);
  }

  /** The core has answered with so many output tokens. */
  answered(outputTokens: number): void {
    const mean = this.#meanTokens ?? outputTokens;
    this.#meanTokens = mean + MEAN_STEP * (outputTokens - mean);
    // One answer says little of how long others are.
    const long = this.#longTokens ?? 2 * outputTokens;
    this.#longTokens = Math.ceil(Math.max(outputTokens, long + LONG_STEP * (outputTokens - long)));
  }

  /** The core has reported numbers that cannot be. @returns whether that is worth a line in the log: once a minute */
  doubted(): boolean {
    const now = this.#clock.now();
    if (now < this.#doubtedAt + DOUBT_MS) return false;
    this.#doubtedAt = now;
    return true;
  }

  /** Why nobody can be served here until somebody mends the config; undefined: that is not so. */
  get misconfigured(): string | undefined {
    return this.core.health?.().misconfigured;
  }

  /** An attempt has failed here: what it has shown of the core is remembered. */
  failed(fault: NonNullable<CoreView['lastFault']>, { contextWindow, unsupported, input }: Learnt): void {
    this.#lastFault = fault;
    const info = this.#info;
    // A smaller number is none that a provider would name.
    if (contextWindow !== undefined && contextWindow >= LEAST_WINDOW && contextWindow < info.contextWindow) {
      this.#info = { ...this.#info, contextWindow };
    }
    if (unsupported !== undefined) {
      this.#info = { ...this.#info, unsupported: [...new Set([...(info.unsupported ?? []), unsupported])] };
    }
    if (input !== undefined) {
      this.#info = { ...this.#info, inputs: (info.inputs ?? []).filter((kind) => kind !== input) };
    }
    this.refresh();
  }

  /** @returns whether it was open */
  closeUntil(at: Millis): boolean {
    const wasOpen = this.#closedUntil <= this.#clock.now();
    this.#closedUntil = Math.max(this.#closedUntil, at);
    this.refresh();
    return wasOpen;
  }

  /** Capacity has refused a start here: nothing is tried until it reports the core. */
  refused(): void {
    this.#full = true;
    this.refresh();
  }

  /** Capacity has reported this core. */
  freed(): void {
    this.#full = false;
    this.refresh();
  }

  /** Sets the gate of the queue by cap, capacity, closing time and health. Called after anything that may have changed one of them. */
  refresh(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (this.#stopped) return;
    const now = this.#clock.now();
    const opensAt = this.#opensAt(now);
    if (opensAt <= now) {
      const { id, cap } = this.#info;
      const more = this.#full ? 0 : Math.min(this.#healthySlots(), this.#capacity.free(id));
      this.queue.setGate(more > 0 ? Math.min(cap, this.queue.running + more) : 0);
      return;
    }
    this.queue.setGate(0);
    this.#cancelTimer = this.#clock.after(opensAt - now, () => {
      this.refresh();
      this.#onOpen();
    });
  }

  /** The first moment from `now` on at which anything may start, as far as provider and health go. */
  #opensAt(now: Millis): Millis {
    const health = this.core.health?.();
    const healthyAt = health?.slots === 0 ? (health.retryAt ?? now + UNKNOWN_RECOVERY_MS) : now;
    return Math.max(now, this.#closedUntil, healthyAt);
  }

  #healthySlots(): number {
    return this.core.health?.().slots ?? Number.POSITIVE_INFINITY;
  }

  /** Takes over new limits, and opens a core that its provider has closed. Calls that run already are left alone. */
  reload({ cap, requestsPerMinute, tokensPerMinute }: CoreLimits): void {
    this.core.reopen?.(cap);
    this.#closedUntil = 0;
    const { requestsPerMinute: _requests, tokensPerMinute: _tokens, ...fixed } = this.#info;
    this.#info = {
      ...fixed,
      cap,
      ...(requestsPerMinute === undefined ? {} : { requestsPerMinute }),
      ...(tokensPerMinute === undefined ? {} : { tokensPerMinute }),
    };
  }

  /** Sets no timer any more. */
  async close(): Promise<void> {
    this.#stopped = true;
    this.#cancelTimer?.();
    await this.core.close?.();
  }
}
