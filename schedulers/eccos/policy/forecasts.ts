import type { CoreInfo } from '../../../syscalls/cores.js';
import { costOf } from '../../../syscalls/price.js';
import type { CoreId, Millis } from '../../../syscalls/syscall.js';
import type { PendingCall } from '../../policy.js';
import { ByTenant } from '../by-tenant.js';
import type { Prediction } from '../predictor/prediction.js';
import {
  type ColumnEffects,
  columnEffectsOf,
  logitOfPrediction,
  shrinkInteraction,
} from '../predictor/shrink-interaction.js';
import type { EccosLearnt } from './eccos-learnt.js';
import { type Expected, Forecast } from './forecast.js';

/** How many of the calls are of a task of which nothing is known. */
export function unknownAmong(calls: readonly RecentCall[]): number {
  return calls.filter(({ forecast }) => forecast.isUnknown).length;
}

/** Rows that stand for the traffic, and for that of one tenant. */
const RECENT = 512;
/** Rows of all tenants; where there are many tenants, each keeps its share of them, and no fewer than so many. */
const SHARED = { rows: 4096, least: 32 } as const;
/** Longer pauses between two calls say nothing about how fast calls come when they come. */
const LONGEST_GAP = 60_000;
/** New rows after which the column effects are computed again; fewer while there are few. */
const REFRESH = 64;
/** Output tokens of a call about which nothing is known. */
const UNKNOWN_TOKENS = 512;

/** What is kept of one forecast. */
interface RecentRow {
  readonly tenant: string;
  readonly forecast: Forecast;
  readonly eligible: readonly CoreId[];
  /** When it came, on a clock that stands still in long pauses. */
  readonly cameAt: Millis;
}

/** A call as it was predicted, whose it is, and the cores that could serve it. */
export type RecentCall = Pick<RecentRow, 'tenant' | 'forecast' | 'eligible'>;

/** Turns predictions into forecasts, and remembers recent ones: what traffic looks like here. */
export class Forecasts {
  readonly #gamma: number;
  readonly #tenants = new ByTenant<TenantForecasts>();
  /** A ring. */
  readonly #recent: RecentRow[] = [];
  #seen = 0;
  #lastCame: Millis | undefined;
  /** Time up to the newest call, without long pauses. */
  #clock: Millis = 0;

  /** @param gamma share of the interaction of call and core that is kept, 0 to 1 */
  constructor(gamma: number) {
    this.#gamma = gamma;
  }

  /** Column effects, of the tenants used last. @param most tenants */
  learnt(most: number): EccosLearnt['effects'] {
    const known = [...this.#tenants.entries()].slice(-most);
    return known.flatMap(([tenant, { effects }]) => (effects === undefined ? [] : [[tenant, [...effects]]]));
  }

  restore(learnt: EccosLearnt['effects']): void {
    for (const [tenant, effects] of learnt) this.#of(tenant).restore(effects);
  }

  /** Predictions turned into forecasts so far. */
  get seen(): number {
    return this.#seen;
  }

  /** The newest forecasts, at most 512, in no order, and the cores that could serve the call. */
  get recent(): readonly RecentCall[] {
    return this.#recent;
  }

  /** Time in which the newest calls have come, without long pauses. */
  get spanMs(): Millis {
    return this.#recent.reduce((longest, { cameAt }) => Math.max(longest, this.#clock - cameAt), 0);
  }

  /** Of one tenant: its predictions so far, and its newest forecasts. */
  of(tenant: string): Pick<TenantForecasts, 'seen' | 'recent'> {
    return this.#of(tenant);
  }

  /** @param rows a row a call, a column a core, in config order */
  add(calls: readonly PendingCall[], rows: readonly (readonly Prediction[])[]): Forecast[] {
    const forecasts = new Array<Forecast>(rows.length);
    const tenants = rows.length === 0 ? [] : [...rowsByTenant(calls)];
    for (const [tenant, own] of tenants) {
      const made = this.#of(tenant).forecast(own.map((i) => rows[i] as readonly Prediction[]));
      for (const [n, i] of own.entries()) forecasts[i] = made[n] as Forecast;
    }
    const most = Math.max(SHARED.least, Math.min(RECENT, Math.floor(SHARED.rows / Math.max(1, this.#tenants.size))));
    const kept = forecasts.map((forecast, i) => {
      const { acceptedAt, eligible, tenant } = calls[i] as PendingCall;
      this.#clock += Math.max(0, Math.min(LONGEST_GAP, acceptedAt - (this.#lastCame ?? acceptedAt)));
      this.#lastCame = Math.max(this.#lastCame ?? acceptedAt, acceptedAt);
      return { tenant, forecast, eligible, cameAt: this.#clock };
    });
    for (const row of kept) this.#recent[this.#seen++ % RECENT] = row;
    for (const [tenant, own] of tenants)
      this.#of(tenant).keep(
        own.map((i) => kept[i] as RecentRow),
        most,
      );
    return forecasts;
  }

  /** For a call that could not be predicted: the mean of recent calls of its tenant, else even odds at the core's price. */
  unknown({ tenant, inputTokens }: PendingCall, cores: readonly CoreInfo[]): Forecast {
    const usual = this.#of(tenant).usual(cores.length);
    const expected = cores.map(
      ({ price }, j): Expected => ({
        logit: finiteOr(usual.logit(j), 0),
        costUsd: finiteOr(usual.costUsd(j), costOf(price, { inputTokens, outputTokens: UNKNOWN_TOKENS })),
        tokensMean: finiteOr(usual.tokensMean(j), UNKNOWN_TOKENS),
        tokensP90: finiteOr(usual.tokensP90(j), UNKNOWN_TOKENS),
      }),
    );
    return Forecast.unpredicted(expected);
  }

  #of(tenant: string): TenantForecasts {
    return this.#tenants.of(tenant, () => new TenantForecasts(this.#gamma));
  }
}

/** Places of the calls of each tenant, in order. */
export function rowsByTenant(calls: readonly Pick<PendingCall, 'tenant'>[]): ReadonlyMap<string, readonly number[]> {
  const rows = new Map<string, number[]>();
  for (const [i, { tenant }] of calls.entries()) {
    const own = rows.get(tenant);
    if (own === undefined) rows.set(tenant, [i]);
    else own.push(i);
  }
  return rows;
}

/**
 * Of one tenant. Its forecasts rest on its own calls alone: what others teach the predictor of their tasks shows in their
 * predictions, and must not show in the column effects that these are shrunk to.
 */
class TenantForecasts {
  readonly #gamma: number;
  /** Oldest first. */
  readonly #recent: RecentRow[] = [];
  #seen = 0;
  #nextRefresh = 1;
  #effects: ColumnEffects | undefined;
  /** The mean forecast, from its first use to the next refresh. */
  #usual: Forecast | undefined;

  constructor(gamma: number) {
    this.#gamma = gamma;
  }

  get effects(): ColumnEffects | undefined {
    return this.#effects;
  }

  /** They stand until a few calls are known. */
  restore(effects: ColumnEffects): void {
    this.#effects = effects;
    this.#nextRefresh = REFRESH;
  }

  get seen(): number {
    return this.#seen;
  }

  get recent(): readonly RecentCall[] {
    return this.#recent;
  }

  /** @param rows one or more */
  forecast(rows: readonly (readonly Prediction[])[]): Forecast[] {
    const width = rows[0]?.length ?? 0;
    const quality = new Float64Array(rows.length * width);
    for (const [i, row] of rows.entries()) for (let j = 0; j < width; j++) quality[i * width + j] = row[j]!.quality;
    // The effects rest on rows up to the last refresh, except for the first, before which there are none.
    this.#effects ??= columnEffectsOf(quality, width);
    const shrunk = shrinkInteraction(quality, this.#effects, this.#gamma);
    return rows.map((row, i) => Forecast.predicted(row, (j) => logitOfPrediction(shrunk[i * width + j]!)));
  }

  /** @param rows those that were forecast last @param most rows to be kept */
  keep(rows: readonly RecentRow[], most: number): void {
    this.#seen += rows.length;
    for (const row of rows) this.#recent.push(row);
    this.#recent.splice(0, this.#recent.length - most);
    if (this.#seen >= this.#nextRefresh) this.#refresh(rows[0]?.forecast.width ?? 0);
  }

  /** NaN in a column in which some row knows nothing, and without rows in all. */
  usual(width: number): Forecast {
    this.#usual ??= this.#meanForecast(width);
    return this.#usual;
  }

  #refresh(width: number): void {
    this.#nextRefresh = this.#seen + Math.min(REFRESH, this.#seen);
    this.#usual = undefined;
    const known = this.#recent.filter(({ forecast }) => !Number.isNaN(forecast.difference(0)));
    this.#effects = Array.from({ length: width }, (_, j) => {
      return sumOf(known, (forecast) => forecast.difference(j)) / Math.max(1, known.length);
    });
  }

  #meanForecast(width: number): Forecast {
    const mean = (of: (forecast: Forecast) => number) => sumOf(this.#recent, of) / this.#recent.length;
    const usual = Array.from({ length: width }, (_, j) => ({
      logit: mean((forecast) => forecast.logit(j)),
      costUsd: mean((forecast) => forecast.costUsd(j)),
      tokensMean: mean((forecast) => forecast.tokensMean(j)),
      tokensP90: mean((forecast) => forecast.tokensP90(j)),
    }));
    return Forecast.unpredicted(usual);
  }
}

function sumOf(rows: readonly RecentRow[], of: (forecast: Forecast) => number): number {
  return rows.reduce((sum, { forecast }) => sum + of(forecast), 0);
}

function finiteOr(value: number, otherwise: number): number {
  return Number.isFinite(value) ? value : otherwise;
}
