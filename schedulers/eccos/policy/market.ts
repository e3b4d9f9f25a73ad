import type { CoreId, Millis } from '../../../syscalls/syscall.js';
import type { PendingCall, SchedulableCore } from '../../policy.js';
import type { Forecast } from './forecasts.js';
import { lateness } from './lateness.js';
import type { ServiceTimes } from './service-times.js';

/** Why a pair of call and core cannot be used; '' = it can. */
export type Bar = '' | 'not eligible' | 'below minQuality' | 'would miss the deadline';

/** What one tick decides on. Matrices are row-major: call `i` on core `j` is at `i * m + j`. */
export interface Market {
  readonly n: number;
  readonly m: number;
  readonly calls: readonly PendingCall[];
  readonly cores: readonly SchedulableCore[];
  /** Probability of a correct answer as it is believed now. */
  readonly quality: Float64Array;
  /** US dollars. */
  readonly costUsd: Float64Array;
  readonly bars: readonly Bar[];
  /** Probability that the answer comes after the deadline; 0 without one. */
  readonly late: Float64Array;
  /** Of calls whose floor no core reaches: what there is instead. */
  readonly shortfalls: readonly (string | undefined)[];
}

/** What a market rests on. */
export interface Beliefs {
  readonly forecastOf: (call: PendingCall) => Forecast;
  readonly columnOf: (core: CoreId) => number;
  readonly qualityOf: (core: CoreId, logit: number) => number;
  readonly times: ServiceTimes;
}

/** Believed quality and cost of each pair, and which pairs the kernel, floors and deadlines rule out. */
export function openMarket(
  now: Millis,
  calls: readonly PendingCall[],
  cores: readonly SchedulableCore[],
  beliefs: Beliefs,
): Market {
  const m = cores.length;
  const columns = cores.map(({ id }) => beliefs.columnOf(id));
  const quality = new Float64Array(calls.length * m);
  const costUsd = new Float64Array(calls.length * m);
  const late = new Float64Array(calls.length * m);
  const bars: Bar[] = [];
  const shortfalls: (string | undefined)[] = [];
  for (const [i, call] of calls.entries()) {
    const { logits, costUsd: costs, tokensP90 } = beliefs.forecastOf(call);

    // NaN where nothing is known of the pair, which the solver takes for forbidden.
    const at = (values: Float64Array, j: number) => values[columns[j] as number] ?? Number.NaN;
    for (const [j, { id }] of cores.entries()) {
      quality[i * m + j] = beliefs.qualityOf(id, at(logits, j));
      costUsd[i * m + j] = at(costs, j);
    }
    const row: Bar[] = cores.map(({ id }) => (call.eligible.includes(id) ? '' : 'not eligible'));
    const { pinned, expiresAt, params } = call;
    if (pinned === undefined && expiresAt !== undefined) {
      const { maxTokens = Infinity } = params;
      const known = cores.map(({ id }, j) => beliefs.times.duration(id, Math.min(at(tokensP90, j), maxTokens)));
      // A core that has not answered yet may be as slow as any.
      const slowest = known.reduce<Millis>((most, one) => (one !== undefined && one > most ? one : most), 0);
      const durations = known.map((one) => one ?? slowest);
      barLate(row, expiresAt - now, durations);
      late.set(
        durations.map((p90) => lateness(p90, expiresAt - now)),
        i * m,
      );
    }
    const floor = pinned === undefined ? (params.minQuality ?? 0) : 0;
    shortfalls.push(floor > 0 ? barPoor(row, floor, quality.subarray(i * m, i * m + m)) : undefined);
    bars.push(...row);
  }
  return { n: calls.length, m, calls, cores, quality, costUsd, bars, late, shortfalls };
}

/** Rules out cores that would take longer than `slack`, unless that leaves none. */
function barLate(row: Bar[], slack: Millis, durations: readonly Millis[]): void {
  const open = openCores(row);
  const late = open.filter((j) => durations[j]! > slack);
  if (late.length < open.length) for (const j of late) row[j] = 'would miss the deadline';
}

/** Rules out cores below the floor; all but the best if none reaches it. @returns the shortfall in that case */
function barPoor(row: Bar[], floor: number, quality: Float64Array): string | undefined {
  const open = openCores(row);
  const best = open.reduce((most, j) => Math.max(most, quality[j]!), 0);
  for (const j of open) if (quality[j]! < Math.min(floor, best)) row[j] = 'below minQuality';
  return best >= floor ? undefined : `no core is expected to reach minQuality ${floor}, at best ${best.toFixed(3)}`;
}

function openCores(row: readonly Bar[]): number[] {
  return [...row.keys()].filter((j) => row[j] === '');
}
