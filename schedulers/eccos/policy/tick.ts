import type { CoreId, Millis } from '../../../syscalls/syscall.js';
import type { Assignment, PendingCall, SchedulableCore, SchedulingSnapshot } from '../../policy.js';
import { type Candidates, candidates } from './candidates.js';
import { byClaim, type Claims, claimsOf, URGENT } from './claims.js';
import { easeOf } from './ease.js';
import { type Choice, explain, reasonOf } from './explanation.js';
import type { Forecast } from './forecasts.js';
import type { HeldCall } from './held-calls.js';
import { riskUsd, withRisk } from './lateness.js';
import { type Beliefs, type Market, openMarket } from './market.js';
import { patientCalls } from './patience.js';
import { placeCalls } from './placement.js';
import type { PriceState } from './price-control.js';

/** A deadline is near when it is so many usual answers away. */
const NEAR = 3;

/** What decides besides prices. */
export interface TickRules {
  /** Time pending after which a call goes before all others. */
  readonly overdueMs: Millis;
  /** Calls that each core's queue may hold beyond its free slots. */
  readonly queueAhead: number;
  /** Share of its `deadlineMs` that a call may wait for a cheaper core, 0 to 1. */
  readonly patience: number;
}

/** One decision over all calls that could start now. */
export class Tick {
  readonly market: Market;
  /** What was placed, summed. */
  readonly placed = { calls: 0, quality: 0, costUsd: 0, ease: [] as number[] };
  readonly #number: number;
  readonly #rules: TickRules;
  readonly #beliefs: Beliefs;
  readonly #see: (call: PendingCall) => HeldCall;
  readonly #now: Millis;
  readonly #cores: readonly SchedulableCore[];
  readonly #ids: readonly CoreId[];
  /** Calls that each core can start now. */
  readonly #free: readonly number[];
  /** These, and the places in its queue. */
  readonly #slots: readonly number[];
  readonly #left: number[];
  readonly #held: readonly HeldCall[];
  readonly #rest: Candidates['rest'];
  readonly #assignments: Assignment[] = [];
  #price: PriceState | undefined;
  #slotPrices: ArrayLike<number> = [];
  #greedy = 0;

  /** @param see the call as it is held, marked as seen in this tick */
  constructor(
    number: number,
    { now, pending, cores }: SchedulingSnapshot,
    rules: TickRules,
    beliefs: Beliefs,
    see: (call: PendingCall) => HeldCall,
  ) {
    this.#number = number;
    this.#rules = rules;
    this.#beliefs = beliefs;
    this.#see = see;
    this.#now = now;
    this.#cores = cores;
    this.#ids = cores.map(({ id }) => id);
    this.#free = cores.map(({ free }) => free);
    // A core that is closed though nothing runs there has no queue to wait in: nobody can tell when it opens.
    this.#slots = cores.map(({ free, running, cap }) =>
      free > 0 || (cap > 0 && running >= cap) ? free + rules.queueAhead : 0,
    );
    this.#left = [...this.#slots];
    const { calls, rest } = candidates(pending, cores, this.#slots, this.#urgency());
    this.#rest = rest;
    this.#held = calls.map(see);
    this.market = openMarket(now, calls, cores, beliefs);
  }

  /** Calls that were placed one by one, because there were more slots to fill than one solve may look at. */
  get greedy(): number {
    return this.#greedy;
  }

  /** @param slotPrices US dollars that a slot of each core is worth to calls to come */
  decide(price: PriceState, slotPrices: ArrayLike<number>): readonly Assignment[] {
    this.#price = price;
    this.#slotPrices = slotPrices;
    const { lambda } = price;
    const market = withRisk(this.market, lambda);
    const claims = claimsOf(market.calls, this.#now, this.#rules.overdueMs, this.#urgency());
    const waits = this.#waits(market, lambda, claims);
    const chosen = new Map<number, number>();
    const choose = (slots: readonly number[], mayHave: (i: number) => boolean) => {
      const open = market.calls.map((_, i) => mayHave(i) && !waits.has(i) && !chosen.has(i));
      const rules = { slots, lambda, slotPrices, open, claims };
      for (const [i, core] of placeCalls(market, rules).entries()) if (core >= 0) chosen.set(i, core);
    };
    // Who is overdue starts now if it can: a place in a queue is none.
    if (this.#rules.queueAhead > 0 && claims.overdue.includes(true)) choose(this.#free, (i) => claims.overdue[i]!);
    const taken = this.#ids.map((_, j) => [...chosen.values()].filter((core) => core === j).length);
    choose(
      this.#slots.map((count, j) => count - taken[j]!),
      () => true,
    );
    for (const [i, core] of byClaim(chosen, claims)) this.#place(this.market, i, core, this.#held[i] as HeldCall);
    this.#fill(lambda);
    return this.#assignments;
  }

  /** Why a call was not placed, by what is believed now. */
  explainWaiting({ view, forecast, waitsFor }: HeldCall): readonly string[] {
    const beliefs = { ...this.#beliefs, forecastOf: () => forecast };
    const note =
      waitsFor && `for ${waitsFor}, on purpose: it is cheaper at the price of quality, and the deadline allows it`;
    return explain(this.#choice(openMarket(this.#now, [view], this.#cores, beliefs), 0, forecast, -1, note));
  }

  /** Priority, and above all priorities calls whose deadline is near. */
  #urgency(): (call: PendingCall) => number {
    const usual = this.#ids.map((id) => this.#beliefs.times.mean(id) ?? 0);
    const near = this.#now + NEAR * Math.max(0, ...usual);
    return ({ expiresAt = Infinity, priority }) => (expiresAt < near ? URGENT : priority);
  }

  #waits(market: Market, lambda: number, { overdue }: Claims): ReadonlyMap<number, CoreId> {
    const room = {
      now: this.#now,
      slots: this.#slots,
      lambda,
      slotPrices: this.#slotPrices,
      times: this.#beliefs.times,
      patience: this.#rules.patience,
    };
    const waits = patientCalls(market, room, (i) => overdue[i]!);
    for (const [i, core] of waits) this.#held[i]!.waitsFor = core;
    return waits;
  }

  #place(market: Market, i: number, core: number, held: HeldCall): void {
    const pendingMs = this.#now - held.view.since;
    const isHeld = this.#slots[core]! - this.#left[core]! >= this.#free[core]!;
    const notes = [
      ...(pendingMs >= this.#rules.overdueMs ? [`overdue after ${Math.round(pendingMs)} ms`] : []),
      ...(isHeld ? ['held in its queue, and moved if that is better'] : []),
    ];
    const choice = this.#choice(market, i, held.forecast, core, notes.length === 0 ? undefined : notes.join(', '));
    const before = held.choice;
    // A call that was placed before, and is moved or tried anew, counts with the difference only.
    if (before === undefined) {
      this.placed.calls++;
      this.placed.ease.push(easeOf(market.quality, i, market.m));
    }
    this.placed.quality += choice.quality[core]! - (before?.quality[before.chosen] ?? 0);
    this.placed.costUsd += choice.costUsd[core]! - (before?.costUsd[before.chosen] ?? 0);
    held.choice = choice;
    held.placedTick = this.#number;
    this.#left[core]!--;
    this.#assignments.push({ syscallId: held.view.id, core: choice.cores[core] as CoreId, reason: reasonOf(choice) });
  }

  /** Fills slots that the solve has left with calls that it did not look at, one after the other. */
  #fill(lambda: number): void {
    let total = this.#left.reduce((sum, count) => sum + count, 0);
    if (total === 0) return;
    for (const call of this.#rest()) {
      if (total === 0) return;
      if (!this.#ids.some((id, j) => this.#left[j]! > 0 && call.eligible.includes(id))) continue;
      const held = this.#see(call);
      const market = openMarket(this.#now, [call], this.#cores, this.#beliefs);
      const core = this.#cheapestLeft(withRisk(market, lambda), lambda);
      if (core === undefined) continue;
      this.#place(market, 0, core, held);
      total--;
      this.#greedy++;
    }
  }

  #cheapestLeft({ m, costUsd, quality, bars }: Market, lambda: number): number | undefined {
    let best: number | undefined;
    const net = (j: number) => costUsd[j]! - lambda * quality[j]! + this.#slotPrices[j]!;
    for (let j = 0; j < m; j++) {
      if (bars[j] !== '' || this.#left[j] === 0 || !Number.isFinite(net(j))) continue;
      if (best === undefined || net(j) < net(best)) best = j;
    }
    return best;
  }

  #choice(market: Market, i: number, { predictions }: Forecast, chosen: number, note: string | undefined): Choice {
    const { m, quality, costUsd, bars, shortfalls } = market;
    const shortfall = shortfalls[i];
    return {
      cores: this.#ids,
      slots: this.#slots,
      slotPrices: this.#slotPrices,
      price: this.#price as PriceState,
      quality: quality.slice(i * m, i * m + m),
      costUsd: costUsd.slice(i * m, i * m + m),
      predictions: this.#ids.map((id) => predictions[this.#beliefs.columnOf(id)]),
      bars: bars.slice(i * m, i * m + m),
      riskUsd: riskUsd(market, i, (this.#price as PriceState).lambda),
      chosen,
      note: shortfall === undefined ? note : `infeasible: ${shortfall}`,
    };
  }
}
