import type { CoreId, SyscallId } from '../../../syscalls/syscall.js';
import type { Assignment, PendingCall } from '../../policy.js';
import type { Agenda } from './agenda.js';
import { byClaim, type Claims, claimsOf } from './claims.js';
import { type Choice, explain, reasonOf } from './explanation.js';
import type { HeldCall } from './held-calls.js';
import { type Market, type MarketInputs, netCosts, openMarket, riskUsd } from './market.js';
import { patientCalls } from './patience.js';
import { placeCalls } from './placement.js';
import type { Placed, PriceState } from './price-control.js';
import { easeOf } from './price-signals.js';

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

  const { calls } = market;
  const net = netCosts(market, lambda, slotPrices);
  const claims = claimsOf(calls, now, rules.overdueMs, agenda.urgencyOf);
  const waits = patientCalls(agenda, calls, net, inputs.times, claims.overdue);
  for (const [i, core] of byClaim(chooseCores(agenda, net, claims, waits), claims)) place(market, i, core);

  // Slots that are left go to calls that were not looked at, one after the other.
  const extra: PendingCall[] = [];
  const before = assignments.length;
  let total = left.reduce((sum, count) => sum + count, 0);
  for (const call of total === 0 ? [] : agenda.rest()) {
    if (total === 0) break;
    if (!cores.some(({ id }, j) => left[j]! > 0 && call.eligible.includes(id))) continue;
    extra.push(call);
    const single = openMarket(now, [call], cores, inputs);
    const core = cheapestLeft(netCosts(single, lambda, slotPrices), left);
    if (core === undefined) continue;
    place(single, 0, core);
    total--;
  }
  const waiting = new Map([...waits].map(([i, core]) => [calls[i]!.id, core]));
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

/** Core by index of the call. */
function chooseCores(
  { calls, cores, rules, slots }: Agenda,
  net: Float64Array,
  claims: Claims,
  waits: ReadonlyMap<number, CoreId>,
): ReadonlyMap<number, number> {
  const chosen = new Map<number, number>();
  const choose = (room: readonly number[], mayHave: (i: number) => boolean) => {
    const open = calls.map((_, i) => mayHave(i) && !waits.has(i) && !chosen.has(i));
    for (const [i, core] of placeCalls(net, room, open, claims).entries()) if (core >= 0) chosen.set(i, core);
  };
  // A call that is overdue starts now if it can: a place in a queue is not enough.
  const free = cores.map((core) => core.free);
  if (rules.queueAhead > 0 && claims.overdue.includes(true)) choose(free, (i) => claims.overdue[i]!);
  const taken = cores.map((_, j) => [...chosen.values()].filter((core) => core === j).length);
  const left = slots.map((count, j) => count - taken[j]!);
  choose(left, () => true);
  return chosen;
}

/** The core with a slot left that suits the one call best, by its net costs. */
function cheapestLeft(net: Float64Array, left: readonly number[]): number | undefined {
  const open = [...net.keys()].filter((j) => left[j] !== 0 && !Number.isNaN(net[j]));
  return open.reduce<number | undefined>(
    (best, j) => (best === undefined || net[j]! < net[best]! ? j : best),
    undefined,
  );
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
