import { BUDGET_PERIODS, type BudgetPeriod, type Budgets, type ByPeriod, periodAt } from '../../syscalls/budget.js';
import type { CoreId, Millis, SyscallId } from '../../syscalls/syscall.js';
import type { Clock } from '../clock.js';
import type { Capacity, CoreLimits, Freed, Lease, Left, Need, Refusal, Used } from './capacity.js';
import { RateWindow } from './rate-window.js';

const CORE_FULL: Refusal = { refused: 'core' };
const BUDGET_HELD: Refusal = { refused: 'budget' };
const BUDGET_SPENT: Refusal = { refused: 'spent' };

/** What is counted for one core. */
interface Room {
  cap: number;
  readonly window: RateWindow;
  leases: number;
  /** The call that the limits per minute have refused last, for which room is kept: smaller ones would take it again and again. */
  refused: { readonly id: SyscallId; readonly tokens: number } | undefined;
  cancelTimer: (() => void) | undefined;
}

/** What is counted for one principal, in US dollars. */
interface Purse {
  spent: number;
  /** Of the period that held the last look. */
  readonly by: ByPeriod<{ end: Millis; usd: number }>;
  /** Expected cost of the calls that run. */
  held: number;
  leases: number;
}

/** Capacity of one kernel alone, counted in its memory. */
export class LocalCapacity implements Capacity {
  readonly #clock: Clock;
  readonly #ghostMs: () => Millis;
  readonly #rooms: ReadonlyMap<CoreId, Room>;
  readonly #purses = new Map<string, Purse>();
  /** Cores that keep room for a call. */
  #kept = 0;
  #report: (freed: Freed) => void = () => {};
  #closed = false;
  /** Timers of the slots that an earlier kernel has left taken. */
  readonly #ghosts = new Set<() => void>();

  /** @param ghostMs how long the slot of a request stays taken that an earlier kernel has left open */
  constructor(clock: Clock, cores: readonly CoreLimits[], ghostMs: () => Millis = () => 0) {
    this.#clock = clock;
    this.#ghostMs = ghostMs;
    this.#rooms = new Map(
      cores.map((limits) => [
        limits.id,
        { cap: limits.cap, window: new RateWindow(limits), leases: 0, refused: undefined, cancelTimer: undefined },
      ]),
    );
  }

  free(core: CoreId): number {
    if (!this.isOpen(core)) return 0;
    const room = this.#room(core);
    return Math.max(0, Math.min(room.cap - room.leases, room.window.requestsLeft(this.#clock.now())));
  }

  isOpen(core: CoreId): boolean {
    const now = this.#clock.now();
    return opensAt(this.#room(core), now) <= now;
  }

  left(core: CoreId) {
    return this.#room(core).window.left(this.#clock.now());
  }

  spentUsd(principal: string, per?: BudgetPeriod): number {
    const purse = this.#purses.get(principal);
    if (purse === undefined) return 0;
    return per === undefined ? purse.spent : spentIn(purse, per, this.#clock.now()).usd;
  }

  reserve(need: Need): Lease | Refusal {
    const { id, core, tokens } = need;
    this.#keepOnlyFor(id, core);
    const purse = this.#purse(need.principal);
    const now = this.#clock.now();
    const left = leftOf(need, purse, now);
    if (left <= 0) return BUDGET_SPENT;
    // A call that is alone may pass the budget: what is left could never be spent otherwise.
    if (purse.leases > 0 && purse.held + need.costUsd > left) return BUDGET_HELD;
    const room = this.#room(core);
    const isKeptForOther = room.refused !== undefined && room.refused.id !== id && opensAt(room, now) > now;
    if (isKeptForOther || room.leases >= room.cap) return CORE_FULL;
    if (room.window.opensAt(now, tokens) > now) {
      if (room.refused === undefined) this.#kept++;
      room.refused = { id, tokens };
      this.#watch(core, room);
      return CORE_FULL;
    }
    this.#letGo(room);
    return this.#lease(need, purse, room, now);
  }

  restore({ starts, spentUsd, spentUsdBy = new Map() }: Left): void {
    for (const [principal, usd] of spentUsd) this.#purse(principal).spent = usd;
    for (const [principal, usd] of spentUsdBy) {
      const purse = this.#purse(principal);
      for (const per of BUDGET_PERIODS) spentIn(purse, per, this.#clock.now()).usd = usd[per];
    }
    for (const { core, at, tokens, isOpen } of starts) {
      const room = this.#rooms.get(core);
      // A core that the config does not have any more.
      if (room === undefined) continue;
      room.window.take(at, tokens)(tokens, at);
      if (isOpen) this.#haunt(core, room);
    }
  }

  /** The provider may not have seen yet that the kernel of a request is gone. */
  #haunt(core: CoreId, room: Room): void {
    room.leases++;
    const cancel = this.#clock.after(this.#ghostMs(), () => {
      this.#ghosts.delete(cancel);
      room.leases--;
      this.#report({ core });
    });
    this.#ghosts.add(cancel);
  }

  forget(id: SyscallId): void {
    this.#keepOnlyFor(id, undefined);
  }

  reload({ id, cap, ...limits }: CoreLimits): void {
    const room = this.#room(id);
    room.cap = cap;
    room.window.limits = limits;
    this.#watch(id, room);
  }

  onFreed(listener: (freed: Freed) => void): void {
    this.#report = listener;
  }

  close(): void {
    this.#closed = true;
    for (const cancel of this.#ghosts) cancel();
    for (const { cancelTimer } of this.#rooms.values()) cancelTimer?.();
  }

  #lease({ core, tokens, principal, costUsd }: Need, purse: Purse, room: Room, now: Millis): Lease {
    const correct = room.window.take(now, tokens);
    room.leases++;
    purse.leases++;
    purse.held += costUsd;
    if (opensAt(room, now) > now) this.#watch(core, room);
    return {
      settle: (used: Used) => {
        room.leases--;
        purse.leases--;
        purse.held = purse.leases === 0 ? 0 : purse.held - costUsd;
        const at = this.#clock.now();
        purse.spent += used.costUsd;
        for (const per of BUDGET_PERIODS) spentIn(purse, per, at).usd += used.costUsd;
        correct(used.tokens, at);
        if (room.cancelTimer !== undefined) this.#watch(core, room);
        this.#report({ core, principal });
      },
    };
  }

  /** Room that is kept for this call is kept on no other core. */
  #keepOnlyFor(id: SyscallId, core: CoreId | undefined): void {
    if (this.#kept === 0) return;
    for (const [other, room] of this.#rooms) {
      if (other === core || room.refused?.id !== id) continue;
      this.#letGo(room);
      this.#watch(other, room);
      this.#report({ core: other });
    }
  }

  #letGo(room: Room): void {
    if (room.refused !== undefined) this.#kept--;
    room.refused = undefined;
  }

  /** Reports the core when the minute that keeps it closed has passed. */
  #watch(core: CoreId, room: Room): void {
    room.cancelTimer?.();
    room.cancelTimer = undefined;
    const now = this.#clock.now();
    const at = opensAt(room, now);
    if (at <= now || this.#closed) return;
    room.cancelTimer = this.#clock.after(at - now, () => {
      room.cancelTimer = undefined;
      this.#watch(core, room);
      this.#report({ core });
    });
  }

  #room(core: CoreId): Room {
    const room = this.#rooms.get(core);
    if (room === undefined) throw new RangeError(`There is no core "${core}"`);
    return room;
  }

  #purse(principal: string): Purse {
    let purse = this.#purses.get(principal);
    if (purse === undefined) {
      purse = { spent: 0, by: { month: { end: 0, usd: 0 }, day: { end: 0, usd: 0 } }, held: 0, leases: 0 };
      this.#purses.set(principal, purse);
    }
    return purse;
  }
}

/** What is spent in the period that holds this moment. */
function spentIn({ by }: Purse, per: BudgetPeriod, now: Millis): { usd: number } {
  const period = by[per];
  if (now >= period.end) {
    period.usd = 0;
    period.end = periodAt(per, now).end;
  }
  return period;
}

/** US dollars that the tightest budget leaves. */
function leftOf({ budgetUsd, budgetUsdBy }: Budgets, purse: Purse, now: Millis): number {
  let left = budgetUsd - purse.spent;
  if (budgetUsdBy === undefined) return left;
  for (const per of BUDGET_PERIODS) {
    const usd = budgetUsdBy[per];
    if (usd !== undefined) left = Math.min(left, usd - spentIn(purse, per, now).usd);
  }
  return left;
}

/** The first moment from `now` on at which the limits per minute let anything start. */
function opensAt({ window, refused }: Room, now: Millis): Millis {
  return window.opensAt(now, refused?.tokens ?? 1);
}
