import type { CoreId, SyscallId } from '../../../syscalls/syscall.js';
import type { Assignment, PendingCall } from '../../policy.js';
import type { Agenda } from './agenda.js';
import { byClaim, claimsOf, URGENT } from './claims.js';
import { type Choice, explain, reasonOf } from './explanation.js';
import type { HeldCall } from './held-calls.js';
import { type Market, type MarketInputs, netCosts, openMarket, type Prices, riskUsd } from './market.js';
import { type Placement, placeCalls, type Wait } from './placement.js';
import type { Placed, PriceState } from './price-control.js';
import { easeOf } from './price-signals.js';
import { Queues } from './queues.js';
import { rowOf } from './row-of.js';
import type { RunningCalls } from './running-calls.js';

/** All that a decision rests on. */
export interface TickInput {
  readonly agenda: Agenda;
  /** Of the calls of the agenda. */
  readonly market: Market;
  /** From which the market of any other call can be made. */
  readonly inputs: MarketInputs;
  readonly running: RunningCalls;
  /** Of a tenant's calls. */
  readonly priceOf: (tenant: string) => PriceState;
  /** US dollars that a second on each core is worth to calls to come. */
  readonly secondPrices: ArrayLike<number>;
  /** US dollars that a second of one usual call's waiting costs; undefined: nobody waits while a slot is free. */
  readonly waitUsd: number | undefined;
  /** Seconds of expected time that a second of having waited weighs as much as, in the order of a queue. */
  readonly ageing: number;
  /** The last decision that placed the call; undefined: none did. */
  readonly choiceBefore: (id: SyscallId) => Choice | undefined;
}

/** A call that starts. */
export interface Start {
  readonly id: SyscallId;
  readonly core: CoreId;
  /** How long the answer is expected to take; 0: nothing is known. */
  readonly seconds: number;
}

export interface TickResult {
  /** In the order in which they start. */
  readonly assignments: readonly Assignment[];
  readonly starts: readonly Start[];
  /** The decision on each call that was placed. */
  readonly choices: ReadonlyMap<SyscallId, Choice>;
  /** Sums over what was placed, by tenant. */
  readonly placed: ReadonlyMap<string, Placed>;
  /** Calls that wait although a slot was free for them. */
  readonly waits: ReadonlyMap<SyscallId, Wait>;
  /** Calls beyond the agenda that it looked at a few at a time, since slots were left. */
  readonly extra: readonly PendingCall[];
  /** How many of these it placed. */
  readonly greedy: number;
}

/** `Placed` as it grows. */
interface PlacedSums {
  calls: number;
  quality: number;
  costUsd: number;
  readonly priced: { calls: number; quality: number; readonly ease: number[] };
}

/** Calls beyond the agenda that one solve looks at where slots are left, for each of these and in all. */
const EXTRA = { aSlot: 8, most: 128 } as const;

/** Decides which of the calls start where. A function of its input: it changes nothing. */
export function decideTick(input: TickInput): TickResult {
  const { agenda, market, inputs, choiceBefore } = input;
  const { now, cores } = agenda;
  const queues = new Queues(agenda, input.running, inputs.times);
  const assignments: Assignment[] = [];
  const starts: Start[] = [];
  const choices = new Map<SyscallId, Choice>();
  const waits = new Map<SyscallId, Wait>();
  const placed = new Map<string, PlacedSums>();

  const start = (from: Market, i: number, core: number, isOverdue: boolean): void => {
    const call = from.calls[i] as PendingCall;
    const { id, since, tenant } = call;
    const note = isOverdue ? `overdue after ${Math.round(now - since)} ms` : undefined;
    const choice = choiceOf(input, from, i, core, note);
    const before = choiceBefore(id);
    // A call that was placed before, and is tried again, counts with the difference only.
    const calls = before === undefined ? 1 : 0;
    const quality = choice.quality[core]! - (before?.quality[before.chosen] ?? 0);
    const sums = placed.get(tenant) ?? { calls: 0, quality: 0, costUsd: 0, priced: { calls: 0, quality: 0, ease: [] } };
    sums.calls += calls;
    sums.quality += quality;
    sums.costUsd += choice.forecast.costUsd(core) - (before?.forecast.costUsd(before.chosen) ?? 0);
    if (!isOverdue) {
      sums.priced.calls += calls;
      sums.priced.quality += quality;
      if (calls > 0) sums.priced.ease.push(easeOf(from.quality, i, from.m));
    }
    placed.set(tenant, sums);
    choices.set(id, choice);
    const coreId = choice.cores[core] as CoreId;
    starts.push({ id, core: coreId, seconds: from.seconds[i * from.m + core]! });
    const outputTokensP90 = choice.forecast.tokensP90(core);
    assignments.push({ syscallId: id, core: coreId, reason: reasonOf(choice), outputTokensP90 });
  };
  const place = (from: Market): void => {
    const net = netCosts(from, pricesOf(input, from.calls));
    const claims = claimsOf(from.calls, agenda);
    const prices = from.calls.map((call, i) => waitUsdOf(input, call, claims.overdue[i]!));
    const placement = placeCalls(from, net, prices, claims, input.ageing, queues);
    for (const [i, core] of byClaim(placement.started, claims)) start(from, i, core, claims.overdue[i]!);
    for (const [id, wait] of waitsOf(from, net, prices, placement, queues, agenda)) waits.set(id, wait);
  };

  place(market);
  // Slots that are left go to calls that were not looked at, a few at a time, until none of a few wants one.
  const extra: PendingCall[] = [];
  const before = assignments.length;
  const left = () => cores.reduce((sum, _, j) => sum + queues.left(j), 0);
  const canStart = ({ eligible }: PendingCall) =>
    cores.some(({ id }, j) => queues.left(j) > 0 && eligible.includes(id));
  const rest = left() === 0 ? [] : agenda.rest();
  for (let from = 0, placedBefore = -1; from < rest.length && left() > 0 && assignments.length > placedBefore; ) {
    placedBefore = assignments.length;
    const few: PendingCall[] = [];
    const most = Math.min(EXTRA.most, EXTRA.aSlot * left());
    for (; from < rest.length && few.length < most; from++) if (canStart(rest[from]!)) few.push(rest[from]!);
    extra.push(...few);
    place(openMarket(now, few, cores, inputs));
  }
  return { assignments, starts, choices, placed, waits, extra, greedy: assignments.length - before };
}

/** Why a call was not placed, by what is believed now. */
export function explainWaiting(input: TickInput, { view, forecast, waitsFor }: HeldCall): readonly string[] {
  const { agenda, inputs } = input;
  const known = { ...input, inputs: { ...inputs, forecastOf: () => forecast } };
  const market = openMarket(agenda.now, [view], agenda.cores, known.inputs);
  return explain(choiceOf(known, market, 0, -1, undefined), waitsFor);
}

function pricesOf({ priceOf, secondPrices }: TickInput, calls: readonly PendingCall[]): Prices {
  return { lambdas: calls.map(({ tenant }) => priceOf(tenant).lambda), seconds: secondPrices };
}

/**
 * What a second of a call's waiting costs: twice as much for each priority above another, less for a patient one. Who is overdue,
 * has a near deadline or no patience takes a free slot in any case.
 */
function waitUsdOf({ agenda, waitUsd }: TickInput, call: PendingCall, isOverdue: boolean): number {
  const { patience = 1 } = call.params;
  const urgency = agenda.urgencyOf(call);
  if (waitUsd === undefined || isOverdue || urgency >= URGENT || patience === 0) return Infinity;
  return (waitUsd * 2 ** urgency) / patience;
}

/** Calls that wait for a core although another one that they may use has a slot left. */
function* waitsOf(
  { m, calls }: Market,
  net: Float64Array,
  prices: readonly number[],
  { queued }: Placement,
  queues: Queues,
  { ids }: Agenda,
): Generator<[SyscallId, Wait]> {
  const open = ids.flatMap((_, j) => (queues.left(j) > 0 ? [j] : []));
  for (const [i, { core, place }] of open.length === 0 ? [] : queued) {
    let best = Number.NaN;
    for (const j of open) if (!(net[i * m + j]! >= best)) best = net[i * m + j]!;
    if (Number.isNaN(best)) continue;
    const seconds = queues.waitS(core, place);
    const costsUsd = queues.placeUsd(core, place, prices[i]!);
    yield [calls[i]!.id, { core: ids[core]!, seconds, savesUsd: best - net[i * m + core]!, costsUsd }];
  }
}

function choiceOf(
  { agenda: { cores, ids, slots }, inputs, priceOf, secondPrices }: TickInput,
  market: Market,
  i: number,
  chosen: number,
  note: string | undefined,
): Choice {
  const { m, calls, bars, shortfalls } = market;
  const call = calls[i] as PendingCall;
  const price = priceOf(call.tenant);
  const shortfall = shortfalls[i];
  return {
    forecast: inputs.forecastOf(call, cores),
    cores: ids,
    slots,
    timeUsd: rowOf(market.seconds, i, m).map((time, j) => time * secondPrices[j]!),
    price,
    quality: rowOf(market.quality, i, m),
    bars: hasBar(bars, i * m, m) ? bars.slice(i * m, i * m + m) : undefined,
    riskUsd: call.expiresAt === undefined ? undefined : riskUsd(market, i, price.lambda),
    chosen,
    note: shortfall === undefined ? note : `infeasible: ${shortfall}`,
  };
}

function hasBar(bars: Market['bars'], from: number, m: number): boolean {
  for (let cell = from; cell < from + m; cell++) if (bars[cell] !== '') return true;
  return false;
}
