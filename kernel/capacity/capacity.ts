import type { BudgetPeriod, Budgets, ByPeriod } from '../../syscalls/budget.js';
import type { CoreInfo } from '../../syscalls/cores.js';
import type { CoreId, Millis, SyscallId } from '../../syscalls/syscall.js';

/** What one start takes. */
export interface Need extends Budgets {
  readonly id: SyscallId;
  readonly core: CoreId;
  /** Input and output tokens that it is expected to use. */
  readonly tokens: number;
  /** Name of the token whose budget pays. */
  readonly principal: string;
  /** US dollars that this start is expected to cost. */
  readonly costUsd: number;
}

/** What one start has used in the end. */
export interface Used {
  readonly tokens: number;
  readonly costUsd: number;
}

/** A slot, tokens of a minute and dollars of a budget, held for one request. */
export interface Lease {
  /** The request is closed: gives the slot back and corrects what was expected. Called once. */
  settle(used: Used): void;
}

/**
 * Why a call must not start now:
 * - `core`: no slot or no room in the minute on this core. Another core may take the call.
 * - `budget`: calls that run hold what is left of the budget; what they give back may be enough.
 * - `spent`: the budget is spent, in all or of this day or month.
 */
export interface Refusal {
  readonly refused: 'core' | 'budget' | 'spent';
}

/** What may be enough now for a call that was refused. */
export interface Freed {
  readonly core?: CoreId;
  readonly principal?: string;
}

/** A request that an earlier kernel has made. */
export interface StoredStart {
  readonly core: CoreId;
  readonly at: Millis;
  /** Input and output tokens that were set aside for it. */
  readonly tokens: number;
  /** Its call has not ended. */
  readonly isOpen: boolean;
}

/** What an earlier kernel has used. */
export interface Left {
  /** Of the last minute, the oldest first. */
  readonly starts: readonly StoredStart[];
  /** US dollars that the calls of each principal have cost. */
  readonly spentUsd: ReadonlyMap<string, number>;
  /** The same of this month and day. @default nothing */
  readonly spentUsdBy?: ReadonlyMap<string, ByPeriod<number>>;
}

/** What a reload may change of a core. */
export type CoreLimits = Pick<CoreInfo, 'id' | 'cap' | 'requestsPerMinute' | 'tokensPerMinute'>;

/**
 * Slots, limits per minute and budgets, wherever they are counted: in this process, or in a store that several kernels share.
 * Everything that a call needs is reserved before it starts, and settled when its request is closed.
 */
export interface Capacity {
  /** Calls that could start on this core now: a hint that never blocks. */
  free(core: CoreId): number;
  /** Whether a call could start on this core if a slot were free: a hint that never blocks. */
  isOpen(core: CoreId): boolean;
  /** What is left of a core's limits in this minute, a member for each limit: a hint that never blocks. @default not known */
  left?(core: CoreId): { readonly requests?: number; readonly tokens?: number };
  /** US dollars that the calls of a principal have cost, in all or in this period: a hint that never blocks. */
  spentUsd(principal: string, per?: BudgetPeriod): number;
  /**
   * Takes all that a call needs, or nothing. An adapter in this process answers at once; a shared one may take a round trip.
   *
   * @throws when `signal` aborts, or when the store cannot be reached
   */
  reserve(need: Need, signal: AbortSignal): Lease | Refusal | Promise<Lease | Refusal>;
  /** Counts what an earlier kernel has used: money, minutes, and slots of requests that may still run. Called before the first start. */
  restore?(left: Left): void;
  /** A call that waited has ended: nothing is kept free for it any more. */
  forget(id: SyscallId): void;
  /** Takes over new limits of a core. Leases are left alone. */
  reload(limits: CoreLimits): void;
  /** Reports whatever may be enough for a call that was refused, also as minutes pass. */
  onFreed(listener: (freed: Freed) => void): void;
  /** Sets no timer any more. Idempotent. */
  close(): void | Promise<void>;
}
