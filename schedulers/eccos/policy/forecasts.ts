import type { CoreInfo } from '../../../syscalls/cores.js';
import { costOf } from '../../../syscalls/price.js';
import type { CoreId, Millis } from '../../../syscalls/syscall.js';
import type { PendingCall } from '../../policy.js';
import type { Prediction } from '../predictor/prediction.js';
import {
  type ColumnEffects,
  columnEffectsOf,
  logitOfPrediction,
  shrinkInteraction,
} from '../predictor/shrink-interaction.js';
import { rowOf } from './row-of.js';

/** What is expected of one call on each core, in config order; NaN: nothing is known. */
export interface Forecast {
  /** Logit of the predicted quality, the interaction of call and core shrunk. */
  readonly logits: readonly number[];
  /** US dollars. */
  readonly costUsd: readonly number[];
  readonly tokensMean: readonly number[];
  readonly tokensP90: readonly number[];
  /** What these rest on; empty where the call could not be predicted. */
  readonly predictions: readonly Prediction[];
}

/** Below, the nets do not know the task. */
const KNOWN = 0.5;

/** How many of the calls are of a task of which nothing is known: the nets were not trained on it, and no answer was rated. */
export function unknownAmong(calls: readonly RecentCall[]): number {
  return calls.filter(({ forecast: { predictions } }) => {
    const isUnknown = predictions.every(({ ratings, reliability }) => ratings === 0 && reliability < KNOWN);
    return isUnknown && predictions.length > 0;
  }).length;
}

/** Rows that stand for the traffic. */
const RECENT = 512;
/** Longer pauses between two calls say nothing about how fast calls come when they come. */
const LONGEST_GAP = 60_000;
/** New rows after which the column effects are computed again; fewer while there are few. */
const REFRESH = 64;
/** Output tokens of a call about which nothing is known. */
const UNKNOWN_TOKENS = 512;

/** What is kept of one forecast. */
interface RecentRow {
  /** By how much each logit lies above the mean of the row; undefined: some are unknown. */
  readonly differences: ColumnEffects | undefined;
  readonly forecast: Forecast;
  readonly eligible: readonly CoreId[];
  /** When it came, on a clock that stands still in long pauses. */
  readonly cameAt: Millis;
}

/** A call as it was predicted, and the cores that could serve it. */
export type RecentCall = Pick<RecentRow, 'forecast' | 'eligible'>;

/** Turns predictions into forecasts, and remembers recent ones: what traffic looks like here. */
export class Forecasts {
  readonly #gamma: number;
  /** A ring. */
  readonly #recent: RecentRow[] = [];
  #seen = 0;
  #lastCame: Millis | undefined;
  /** Time up to the newest call, without long pauses. */
  #clock: Millis = 0;
  #nextRefresh = 1;
  #effects: ColumnEffects | undefined;
  /** The mean forecast, from its first use to the next refresh. */
  #usual: Forecast | undefined;

  /** @param gamma share of the interaction of call and core that is kept, 0 to 1 */
  constructor(gamma: number) {
    this.#gamma = gamma;
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

  /** @param rows a row a call, a column a core, in config order */
  add(calls: readonly PendingCall[], rows: readonly (readonly Prediction[])[]): Forecast[] {
    // Without rows there are no effects, and these must not count as the first ones.
    if (rows.length === 0) return [];
    const width = rows[0]?.length ?? 0;
    const quality = new Float64Array(rows.length * width);
    for (const [i, row] of rows.entries()) for (let j = 0; j < width; j++) quality[i * width + j] = row[j]!.quality;
    // The effects rest on rows up to the last refresh, except for the first, before which there are none.
    this.#effects ??= columnEffectsOf(quality, width);
    const shrunk = shrinkInteraction(quality, this.#effects, this.#gamma);
    const forecasts = rows.map((row, i) => ({
      logits: rowOf(shrunk, i, width).map(logitOfPrediction),
      costUsd: row.map((one) => one.costMean),
      tokensMean: row.map((one) => one.tokensMean),
      tokensP90: row.map((one) => one.tokensP90),
      predictions: row,
    }));
    for (const [i, forecast] of forecasts.entries()) {
      const own = forecast.predictions.map((one) => one.quality);
      const differences = own.some(Number.isNaN) ? undefined : columnEffectsOf(own, width);
      const { acceptedAt, eligible } = calls[i] as PendingCall;
      this.#clock += Math.max(0, Math.min(LONGEST_GAP, acceptedAt - (this.#lastCame ?? acceptedAt)));
      this.#lastCame = Math.max(this.#lastCame ?? acceptedAt, acceptedAt);
      this.#recent[this.#seen++ % RECENT] = { differences, forecast, eligible, cameAt: this.#clock };
    }
    if (this.#seen >= this.#nextRefresh) this.#refresh(width);
    return forecasts;
  }

  /** For a call that could not be predicted: the mean of recent calls, else even odds at the core's price. */
  unknown({ inputTokens }: PendingCall, cores: readonly CoreInfo[]): Forecast {
    this.#usual ??= this.#meanForecast(cores.length);
    const { logits, costUsd, tokensMean, tokensP90 } = this.#usual;
    const atPrice = ({ price }: CoreInfo) => costOf(price, { inputTokens, outputTokens: UNKNOWN_TOKENS });
    return {
      logits: logits.map((one) => finiteOr(one, 0)),
      costUsd: costUsd.map((one, j) => finiteOr(one, atPrice(cores[j] as CoreInfo))),
      tokensMean: tokensMean.map((one) => finiteOr(one, UNKNOWN_TOKENS)),
      tokensP90: tokensP90.map((one) => finiteOr(one, UNKNOWN_TOKENS)),
      predictions: [],
    };
  }

  #refresh(width: number): void {
    this.#nextRefresh = this.#seen + Math.min(REFRESH, this.#seen);
    this.#usual = undefined;
    const known = this.#recent.flatMap(({ differences }) => (differences === undefined ? [] : [differences]));
    this.#effects = columnSums(known, width).map((sum) => sum / Math.max(1, known.length));
  }

  /** NaN in a column in which some row knows nothing, and without rows in all. */
  #meanForecast(width: number): Forecast {
    const mean = (of: (forecast: Forecast) => readonly number[]) => {
      const rows = this.#recent.map(({ forecast }) => of(forecast).map((value) => value / this.#recent.length));
      return rows.length === 0 ? new Array<number>(width).fill(Number.NaN) : columnSums(rows, width);
    };
    return {
      logits: mean(({ logits }) => logits),
      costUsd: mean(({ costUsd }) => costUsd),
      tokensMean: mean(({ tokensMean }) => tokensMean),
      tokensP90: mean(({ tokensP90 }) => tokensP90),
      predictions: [],
    };
  }
}

function columnSums(rows: readonly (readonly number[])[], width: number): number[] {
  return rows.reduce<number[]>(
    (sums, row) => sums.map((sum, column) => sum + row[column]!),
    new Array<number>(width).fill(0),
  );
}

function finiteOr(value: number, otherwise: number): number {
  return Number.isFinite(value) ? value : otherwise;
}
