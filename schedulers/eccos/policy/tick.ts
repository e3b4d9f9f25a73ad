import type { CoreId, Millis, SyscallId } from '../../../syscalls/syscall.js';
import type { Assignment, PendingCall, SchedulableCore, SchedulingSnapshot } from '../../policy.js';
import { byClaim, type Candidates, type Claims, candidates, claimsOf, URGENT } from './claims.js';
import { type Choice, explain, reasonOf } from './explanation.js';
import type { HeldCall } from './held-calls.js';
import { type Market, type MarketInputs, openMarket, riskUsd, withRisk } from './market.js';
import { patientCalls } from './patience.js';
import { placeCalls } from './placement.js';
import type { Placed, PriceState } from './price-control.js';
import { easeOf } from './price-signals.js';
import type { ServiceTimes } from './service-times.js';

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

/** What a tick decides on. */
export interface Agenda extends Candidates {
  readonly now: Millis;
  readonly cores: readonly SchedulableCore[];
  readonly ids: readonly CoreId[];
  readonly rules: TickRules;
  /** Calls that each core can start now, and the places in its queue. */
  readonly slots: readonly number[];
  /** Priority, and above all priorities calls whose deadline is near. */
  readonly urgencyOf: (call: PendingCall) => number;
}

/** Chooses the calls that a tick decides on. */
export function agendaOf(
  { now, pending, cores }: SchedulingSnapshot,
  rules: TickRules,
  times: Pick<ServiceTimes, 'mean'>,
): Agenda {
  const ids = cores.map(({ id }) => id);
  const usual = ids.map((id) => times.mean(id) ?? 0);
  const near = now + NEAR * Math.max(0, ...usual);
  const urgencyOf = ({ expiresAt = Infinity, priority }: PendingCall) => (expiresAt < near ? URGENT : priority);
  // A core that is closed though nothing runs there has no queue to wait in: nothing says when it opens.
  const slots = cores.map(({ free, running, cap }) =>
    free > 0 || (cap > 0 && running >= cap) ? free + rules.queueAhead : 0,
  );
  return { now, cores, ids, rules, slots, urgencyOf, ...candidates(pending, cores, slots, urgencyOf) };
}

/** All that a decision rests on. */
export interface TickInput {
  readonly agenda: Agenda;
  /** Of the calls of the agenda. */
  readonly market: Market;
  /** From which the market of any other call can be made. */
  readonly inputs: MarketInputs;
  readonly price: PriceState;
  /** US dollars that a slot of each core is worth to calls to come. */
  readonly slotPrices: ArrayLike<number>;
  /** The last decision that placed the call; undefined: none did. */
  readonly choiceBefore: (id: SyscallId) => Choice | undefined;
}

export interface TickResult {
  /** In the order in which queues start them. */
  readonly assignments: readonly Assignment[];
  /** The decision on each call that was placed. */
  readonly choices: ReadonlyMap<SyscallId, Choice>;
  /** Sums over what was placed. */
  readonly placed: Placed;
  /** The full core that a call waits for on purpose. */
  readonly waits: ReadonlyMap<SyscallId, CoreId>;
  /** Calls beyond the agenda that it looked at one by one, since slots were left. */
  readonly extra: readonly PendingCall[];
  /** How many of these it placed. */
  readonly greedy: number;
}

/** Decides which of the calls start where. A function of its input: it changes nothing. */
export function decideTick(input: TickInput): TickResult {
  const { agenda, market, inputs, price, slotPrices, choiceBefore } = input;
  const { now, cores, rules, slots } = agenda;
  const { lambda } = price;
  const left = [...slots];
  const assignments: Assignment[] = [];
  const choices = new Map<SyscallId, Choice>();
  const placed = { calls: 0, quality: 0, costUsd: 0, ease: [] as number[] };

  const place = (from: Market, i: number, core: number): void => {
    const call = from.calls[i] as PendingCall;
    const { id, since } = call;
    const pendingMs = now - since;
    const isHeld = slots[core]! - left[core]! >= cores[core]!.free;
    const notes = [
      ...(pendingMs >= rules.overdueMs ? [`overdue after ${Math.round(pendingMs)} ms`] : []),
      ...(isHeld ? ['held in its queue, and moved if that is better'] : []),
    ];
    const choice = choiceOf(input, from, i, core, notes.length === 0 ? undefined : notes.join(', '));
    const before = choiceBefore(id);
    // A call that was placed before, and is moved or tried again, counts with the difference only.
    if (before === undefined) {
      placed.calls++;
      placed.ease.push(easeOf(from.quality, i, from.m));
    }
    placed.quality += choice.quality[core]! - (before?.quality[before.chosen] ?? 0);
    placed.costUsd += choice.costUsd[core]! - (before?.costUsd[before.chosen] ?? 0);
    choices.set(id, choice);
    left[core]!--;
    const outputTokensP90 = inputs.forecastOf(call, cores).tokensP90[core];
    assignments.push({ syscallId: id, core: choice.cores[core] as CoreId, reason: reasonOf(choice), outputTokensP90 });
  };

  const priced = withRisk(market, lambda);
  const claims = claimsOf(market.calls, now, rules.overdueMs, agenda.urgencyOf);
  const waits = waitsOf(input, priced, claims);
  for (const [i, core] of byClaim(chooseCores(input, priced, claims, waits), claims)) place(market, i, core);

  // Slots that are left go to calls that were not looked at, one after the other.
  const extra: PendingCall[] = [];
  const before = assignments.length;
  let total = left.reduce((sum, count) => sum + count, 0);
  for (const call of total === 0 ? [] : agenda.rest()) {
    if (total === 0) break;
    if (!cores.some(({ id }, j) => left[j]! > 0 && call.eligible.includes(id))) continue;
    extra.push(call);
    const single = openMarket(now, [call], cores, inputs);
    const core = cheapestLeft(withRisk(single, lambda), left, lambda, slotPrices);
    if (core === undefined) continue;
    place(single, 0, core);
    total--;
  }
  const waiting = new Map([...waits].map(([i, core]) => [market.calls[i]!.id, core]));
  return { assignments, choices, placed, waits: waiting, extra, greedy: assignments.length - before };
}

/** Why a call was not placed, by what is believed now. */
export function explainWaiting(input: TickInput, { view, forecast, waitsFor }: HeldCall): readonly string[] {
  const { agenda, inputs } = input;
  const known = { ...input, inputs: { ...inputs, forecastOf: () => forecast } };
  const market = openMarket(agenda.now, [view], agenda.cores, known.inputs);
  const note =
    waitsFor && `for ${waitsFor}, on purpose: it is cheaper at the price of quality, and the deadline allows it`;
  return explain(choiceOf(known, market, 0, -1, note));
}

/** The calls that wait on purpose, each with the core that it waits for. */
function waitsOf(
  { agenda: { now, slots, rules }, price: { lambda }, slotPrices, inputs: { times } }: TickInput,
  market: Market,
  { overdue }: Claims,
): ReadonlyMap<number, CoreId> {
  const { patience } = rules;
  if (patience === 0) return new Map();
  return patientCalls(market, { now, slots, lambda, slotPrices, times, patience }, (i) => overdue[i]!);
}

/** Core by index of the call. */
function chooseCores(
  { agenda: { cores, rules, slots }, price: { lambda }, slotPrices }: TickInput,
  market: Market,
  claims: Claims,
  waits: ReadonlyMap<number, CoreId>,
): ReadonlyMap<number, number> {
  const chosen = new Map<number, number>();
  const choose = (room: readonly number[], mayHave: (i: number) => boolean) => {
    const open = market.calls.map((_, i) => mayHave(i) && !waits.has(i) && !chosen.has(i));
    const placement = placeCalls(market, { slots: room, lambda, slotPrices, open, claims });
    for (const [i, core] of placement.entries()) if (core >= 0) chosen.set(i, core);
  };
  // A call that is overdue starts now if it can: a place in a queue is not enough.
  if (rules.queueAhead > 0 && claims.overdue.includes(true)) {
    choose(
      cores.map(({ free }) => free),
      (i) => claims.overdue[i]!,
    );
  }
  const taken = cores.map((_, j) => [...chosen.values()].filter((core) => core === j).length);
  choose(
    slots.map((count, j) => count - taken[j]!),
    () => true,
  );
  return chosen;
}

/** The core with a slot left that suits the one call of the market best. */
function cheapestLeft(
  { m, costUsd, quality, bars }: Market,
  left: readonly number[],
  lambda: number,
  slotPrices: ArrayLike<number>,
): number | undefined {
  let best: number | undefined;
  const net = (j: number) => costUsd[j]! - lambda * quality[j]! + slotPrices[j]!;
  for (let j = 0; j < m; j++) {
    if (bars[j] !== '' || left[j] === 0 || !Number.isFinite(net(j))) continue;
    if (best === undefined || net(j) < net(best)) best = j;
  }
  return best;
}

function choiceOf(
  { agenda: { cores, ids, slots }, inputs, price, slotPrices }: TickInput,
  market: Market,
  i: number,
  chosen: number,
  note: string | undefined,
): Choice {
  const { m, calls, quality, costUsd, bars, shortfalls } = market;
  const { predictions } = inputs.forecastOf(calls[i] as PendingCall, cores);
  const shortfall = shortfalls[i];
  return {
    cores: ids,
    slots,
    slotPrices,
    price,
    quality: quality.slice(i * m, i * m + m),
    costUsd: costUsd.slice(i * m, i * m + m),
    predictions,
    bars: bars.slice(i * m, i * m + m),
    riskUsd: riskUsd(market, i, price.lambda),
    chosen,
    note: shortfall === undefined ? note : `infeasible: ${shortfall}`,
  };
}
