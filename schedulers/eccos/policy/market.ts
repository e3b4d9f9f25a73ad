import type { CoreId, Millis } from '../../../syscalls/syscall.js';
import type { PendingCall, SchedulableCore } from '../../policy.js';
import type { Forecast } from './forecast.js';
import { memoized } from './memoized.js';
import type { Believed } from './recalibration.js';
import { rowOf } from './row-of.js';
import { lateness, type ServiceTimes } from './service-times.js';

/** Why a pair of call and core cannot be used; '' = it can. */
export type Bar = '' | 'not eligible' | 'below minQuality' | 'would miss the deadline';

/** What one tick decides on. Matrices are row-major: call `i` on core `j` is at `i * m + j`. */
export interface Market {
  readonly n: number;
  readonly m: number;
  readonly calls: readonly PendingCall[];
  /** Probability of a correct answer as it is believed now. */
  readonly quality: Float64Array;
  /** US dollars. */
  readonly costUsd: Float64Array;
  /** How long the answer is expected to take; 0: nothing is known. */
  readonly seconds: Float64Array;
  readonly bars: readonly Bar[];
  /** Probability that the answer comes after the deadline; 0 without one. */
  readonly late: Float64Array;
  /** Of calls whose floor no core reaches: what there is instead. */
  readonly shortfalls: readonly (string | undefined)[];
}

/** What a market rests on. */
export interface MarketInputs {
  readonly forecastOf: (call: PendingCall, cores: readonly SchedulableCore[]) => Forecast;
  /** What a tenant's own ratings make of predicted logits. */
  readonly qualityOf: (tenant: string, cores: readonly CoreId[]) => Believed;
  readonly times: ServiceTimes;
}

/** Believed quality and cost of each pair, and which pairs the kernel, floors and deadlines rule out. */
export function openMarket(
  now: Millis,
  calls: readonly PendingCall[],
  cores: readonly SchedulableCore[],
  { forecastOf, qualityOf, times }: MarketInputs,
): Market {
  const ids = cores.map(({ id }) => id);
  const m = ids.length;
  const quality = new Float64Array(calls.length * m);
  const costUsd = new Float64Array(calls.length * m);
  const seconds = new Float64Array(calls.length * m);
  const late = new Float64Array(calls.length * m);
  const bars = new Array<Bar>(calls.length * m).fill('');
  const shortfalls = new Array<string | undefined>(calls.length);
  const believedBy = memoized((tenant: string) => qualityOf(tenant, ids));
  const expected = times.expected(ids);
  for (const [i, call] of calls.entries()) {
    const forecast = forecastOf(call, cores);
    const believed = believedBy(call.tenant);
    const isOpen = openTo(call.eligible, ids);
    // NaN where nothing is known of the pair: the placement does not use it.
    for (let j = 0, cell = i * m; j < m; j++, cell++) {
      quality[cell] = believed(j, forecast.logit(j));
      costUsd[cell] = forecast.costUsd(j);
      seconds[cell] = expected(j, forecast.tokensMean(j));
      if (!isOpen(j)) bars[cell] = 'not eligible';
    }
    const { pinned, expiresAt, params } = call;
    if (pinned === undefined && expiresAt !== undefined) {
      const { maxTokens = Infinity } = params;
      const known = ids.map((id, j) => times.duration(id, Math.min(forecast.tokensP90(j), maxTokens)));
      // A core that has not answered yet may be as slow as any.
      const slowest = known.reduce<Millis>((most, one) => (one !== undefined && one > most ? one : most), 0);
      const durations = known.map((one) => one ?? slowest);
      barLate(bars, i * m, expiresAt - now, durations);
      const shares = durations.map((p90) => lateness(p90, expiresAt - now));
      late.set(shares, i * m);
    }
    const floor = pinned === undefined ? (params.minQuality ?? 0) : 0;
    if (floor > 0) shortfalls[i] = barPoor(bars, i * m, floor, quality.subarray(i * m, i * m + m));
  }
  return { n: calls.length, m, calls, quality, costUsd, seconds, bars, late, shortfalls };
}

/** Which of the cores, by column, a call may use. */
export function openTo(eligible: readonly CoreId[], ids: readonly CoreId[]): (column: number) => boolean {
  return eligible.length === ids.length ? () => true : (column) => eligible.includes(ids[column] as CoreId);
}

/** Rules out cores that would take longer than `slack`, unless that leaves none. @param from where the row of the call begins */
function barLate(bars: Bar[], from: number, slack: Millis, durations: readonly Millis[]): void {
  const open = openCores(bars, from, durations.length);
  const late = open.filter((j) => durations[j]! > slack);
  if (late.length < open.length) for (const j of late) bars[from + j] = 'would miss the deadline';
}

/** Rules out cores below the floor; all but the best if none reaches it. @returns the shortfall in that case */
function barPoor(bars: Bar[], from: number, floor: number, quality: Float64Array): string | undefined {
  const open = openCores(bars, from, quality.length);
  const best = open.reduce((most, j) => Math.max(most, quality[j]!), 0);
  for (const j of open) if (quality[j]! < Math.min(floor, best)) bars[from + j] = 'below minQuality';
  return best >= floor ? undefined : `no core is expected to reach minQuality ${floor}, at best ${best.toFixed(3)}`;
}

function openCores(bars: readonly Bar[], from: number, m: number): number[] {
  const open: number[] = [];
  for (let j = 0; j < m; j++) if (bars[from + j] === '') open.push(j);
  return open;
}

/**
 * What a missed deadline costs, in multiples of how far the cores of a call lie apart at the price of quality. In
 * simulation, five cores and 4, 8 and 10 calls a second that had 3 to 20 s each: 0 misses 1.8, 1.8 and 5.7 %, 30 misses
 * .6, 1.0 and 5.7 %, 300 misses .2, .8 and 5.9 %; first come, first served, fast cores first, .3, 3.3 and 8.1 %.
 */
const MISS = 300;

/** What the risk of missing its deadline costs the `i`-th call on each core, US dollars. */
export function riskUsd(market: Market, i: number, lambda: number): number[] {
  const { m, bars } = market;
  const late = rowOf(market.late, i, m);
  if (!late.some((share) => share > 0)) return late;
  const quality = rowOf(market.quality, i, m);
  const net = rowOf(market.costUsd, i, m).map((cost, j) => cost - lambda * quality[j]!);
  const usable = net.filter((one, j) => bars[i * m + j] === '' && Number.isFinite(one));
  const spread = Math.max(0, Math.max(...usable) - Math.min(...usable));
  return late.map((share) => MISS * share * spread);
}

/** What things are worth now, US dollars. */
export interface Prices {
  /** One call from surely wrong to surely right, an entry a call. */
  readonly lambdas: ArrayLike<number>;
  /** A second on each core, to calls to come. */
  readonly seconds: ArrayLike<number>;
}

/** What is least for the pair that suits best, US dollars: cost + risk - lambda quality + price of the time; NaN: the pair cannot be used. */
export function netCosts(market: Market, { lambdas, seconds: prices }: Prices): Float64Array {
  const { m, calls, costUsd, quality, seconds, bars } = market;
  const net = costUsd.slice();
  for (const [i, { expiresAt }] of calls.entries()) {
    const lambda = lambdas[i]!;
    if (expiresAt !== undefined) for (const [j, usd] of riskUsd(market, i, lambda).entries()) net[i * m + j]! += usd;
    for (let j = 0, cell = i * m; j < m; j++, cell++) {
      const all = net[cell]! - lambda * quality[cell]! + prices[j]! * seconds[cell]!;
      net[cell] = bars[cell] === '' && Number.isFinite(all) ? all : Number.NaN;
    }
  }
  return net;
}
