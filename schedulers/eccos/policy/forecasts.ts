import type { CoreInfo } from '../../../syscalls/cores.js';
import type { CoreId, Millis } from '../../../syscalls/syscall.js';
import type { PendingCall } from '../../policy.js';
import type { Prediction } from '../predictor/prediction.js';
import { type ColumnEffects, columnEffectsOf, shrinkInteraction } from '../predictor/shrink-interaction.js';
import { logitOf } from './logit.js';

/** What is expected of one call on each core. A core has the same column in every forecast; beyond the end: unknown. */
export interface Forecast {
  /** Logit of the predicted quality, the interaction of call and core shrunk. */
  readonly logits: Float64Array;
  /** US dollars. */
  readonly costUsd: Float64Array;
  readonly tokensP90: Float64Array;
  /** What these rest on; empty where the call could not be predicted. */
  readonly predictions: readonly Prediction[];
}

/** Rows that stand for the traffic. */
const RECENT = 512;
/** Longer pauses between two calls tell nothing of how fast calls come when they come. */
const LONGEST_GAP = 60_000;
/** New rows after which the column effects are computed anew; fewer while there are few. */
const REFRESH = 64;
/** Output tokens of a call of which nothing at all is known. */
const UNKNOWN_TOKENS = 512;

/** What is kept of one forecast. */
interface RecentRow {
  /** Columns that there were. */
  readonly width: number;
  /** By how much each logit lies above the mean of the row; undefined: some are unknown. */
  readonly differences: ColumnEffects | undefined;
  readonly forecast: Forecast;
  readonly eligible: readonly CoreId[];
  /** When it came, on a clock that stands still in long pauses. */
  readonly cameAt: Millis;
}

/** Turns predictions into forecasts, and remembers recent ones: what traffic looks like here. */
export class Forecasts {
  readonly #gamma: number;
  readonly #columns = new Map<CoreId, number>();
  /** A ring. */
  readonly #recent: RecentRow[] = [];
  #seen = 0;
  #lastCame: Millis | undefined;
  /** Time up to the newest call, without long pauses. */
  #clock: Millis = 0;
  #nextRefresh = 1;
  #effects: ColumnEffects = new Float64Array();
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
  get recent(): readonly Pick<RecentRow, 'forecast' | 'eligible'>[] {
    return this.#recent;
  }

  /** Time in which the newest calls have come, without long pauses. */
  get spanMs(): Millis {
    return this.#recent.reduce((longest, { cameAt }) => Math.max(longest, this.#clock - cameAt), 0);
  }

  /** A core's place in every forecast; fixed when it is first asked for. */
  columnOf(core: CoreId): number {
    const known = this.#columns.get(core);
    if (known !== undefined) return known;
    this.#columns.set(core, this.#columns.size);
    return this.#columns.size - 1;
  }

  /** @param rows a row a call, a column a core of `cores` */
  add(calls: readonly PendingCall[], rows: readonly (readonly Prediction[])[], cores: readonly CoreInfo[]): Forecast[] {
    // No rows tell no effects, and must not pass for the first ones.
    if (rows.length === 0) return [];
    const columns = cores.map(({ id }) => this.columnOf(id));
    const width = this.#columns.size;
    const made = rows.map((row) => {
      const quality = new Float64Array(width).fill(Number.NaN);
      const costUsd = new Float64Array(width).fill(Number.NaN);
      const tokensP90 = new Float64Array(width).fill(Number.NaN);
      const predictions: Prediction[] = [];
      for (let j = 0; j < row.length; j++) {
        const column = columns[j] as number;
        const one = row[j] as Prediction;
        quality[column] = one.quality;
        costUsd[column] = one.costMean;
        tokensP90[column] = one.tokensP90;
        predictions[column] = one;
      }
      return { quality, costUsd, tokensP90, predictions };
    });
    // The effects rest on rows up to the last refresh, but for the very first, which would know none.
    if (this.#effects.length !== width) {
      const all = Float64Array.from(made.flatMap(({ quality }) => [...quality]));
      this.#effects = columnEffectsOf(all, width);
    }
    const forecasts = made.map(({ quality, ...rest }) => {
      const logits = shrinkInteraction(quality, this.#effects, this.#gamma).map(logitOf);
      return { ...rest, logits };
    });
    for (const [i, { quality }] of made.entries()) {
      const forecast = forecasts[i] as Forecast;
      const differences = quality.some(Number.isNaN) ? undefined : columnEffectsOf(quality, width);
      const { acceptedAt, eligible } = calls[i] as PendingCall;
      this.#clock += Math.max(0, Math.min(LONGEST_GAP, acceptedAt - (this.#lastCame ?? acceptedAt)));
      this.#lastCame = Math.max(this.#lastCame ?? acceptedAt, acceptedAt);
      this.#recent[this.#seen++ % RECENT] = { width, differences, forecast, eligible, cameAt: this.#clock };
    }
    if (this.#seen >= this.#nextRefresh) this.#refresh(width);
    return forecasts;
  }

  /** For a call that could not be predicted: the mean of recent calls, else even odds at the core's price. */
  unknown({ inputTokens }: PendingCall, cores: readonly CoreInfo[]): Forecast {
    const columns = cores.map(({ id }) => this.columnOf(id));
    const empty = () => new Float64Array(this.#columns.size).fill(Number.NaN);
    const forecast = { logits: empty(), costUsd: empty(), tokensP90: empty(), predictions: [] };
    this.#usual ??= this.#meanForecast();
    const usual = this.#usual;
    for (const [j, { price }] of cores.entries()) {
      const column = columns[j] as number;
      const atPrice = (inputTokens * price.inputPerMTok + UNKNOWN_TOKENS * price.outputPerMTok) / 1e6;
      forecast.logits[column] = known(usual.logits[column]) ?? 0;
      forecast.costUsd[column] = known(usual.costUsd[column]) ?? atPrice;
      forecast.tokensP90[column] = known(usual.tokensP90[column]) ?? UNKNOWN_TOKENS;
    }
    return forecast;
  }

  #refresh(width: number): void {
    this.#nextRefresh = this.#seen + Math.min(REFRESH, this.#seen);
    this.#usual = undefined;
    const effects = new Float64Array(width);
    let rows = 0;
    for (const row of this.#recent) {
      if (row.width !== width || row.differences === undefined) continue;
      rows++;
      for (let column = 0; column < width; column++) effects[column]! += row.differences[column]!;
    }
    this.#effects = effects.map((sum) => sum / Math.max(1, rows));
  }

  #meanForecast(): Forecast {
    const width = this.#columns.size;
    const forecasts = this.#recent.filter((row) => row.width === width).map((row) => row.forecast);
    return {
      logits: meanRow(forecasts, 'logits', width),
      costUsd: meanRow(forecasts, 'costUsd', width),
      tokensP90: meanRow(forecasts, 'tokensP90', width),
      predictions: [],
    };
  }
}

/** NaN in a column in which some row knows nothing, and without rows in all. */
function meanRow(
  forecasts: readonly Forecast[],
  field: Exclude<keyof Forecast, 'predictions'>,
  width: number,
): Float64Array {
  const mean = new Float64Array(width).fill(forecasts.length === 0 ? Number.NaN : 0);
  for (const forecast of forecasts) {
    for (let column = 0; column < width; column++) mean[column]! += forecast[field][column]! / forecasts.length;
  }
  return mean;
}

function known(value: number | undefined): number | undefined {
  return value !== undefined && Number.isFinite(value) ? value : undefined;
}
