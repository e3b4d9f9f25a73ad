import { type Figure, quantilesOf } from '../compare/statistics.js';
import { Random } from '../load/random.js';
import { onceEach, type Statistic, type Weights } from '../metrics/outcomes.js';

/** Several figures of one pass over the records; null: not reached. */
type Measure = (weights: Weights) => readonly (number | null)[];

/**
 * Bootstrap over records: the same draws for every figure, so that figures of two routers are paired. Each record is
 * drawn as a number of times that it counts.
 */
export class Resamples {
  readonly #once: Weights;
  readonly #draws: readonly Weights[];

  /** @param count how many resamples */
  constructor(records: number, count: number) {
    this.#once = onceEach(records);
    const random = new Random('bootstrap');
    this.#draws = Array.from({ length: count }, () => {
      const weights = new Uint16Array(records);
      for (let i = 0; i < records; i++) weights[random.int(0, records - 1)]!++;
      return weights;
    });
  }

  /**
   * The figures of the data as it is, each with the 2.5 % and 97.5 % percentiles of its resamples. A resample that does
   * not reach a figure counts as lower than any that does: `low` is null where more than 2.5 % do not reach it.
   */
  figuresOf(measure: Measure): (Figure | null)[] {
    return this.#spreadsOf(measure).map(
      (spread) => spread && { mean: spread.mean, low: finite(spread.low), high: finite(spread.high) },
    );
  }

  figureOf(statistic: Statistic): Figure | null {
    return this.figuresOf((weights) => [statistic(weights)])[0] ?? null;
  }

  /**
   * A figure that noise makes larger, as it does a calibration error: resamples carry the noise twice and lie above it.
   * Their percentiles are scaled so that the median is the figure.
   */
  noisyFigureOf(statistic: Statistic): Figure | null {
    const [spread = null] = this.#spreadsOf((weights) => [statistic(weights)]);
    if (spread === null) return null;
    const { mean, low, median, high } = spread;
    const scale = median > 0 ? mean / median : 1;
    return { mean, low: finite(low * scale), high: finite(high * scale) };
  }

  #spreadsOf(measure: Measure) {
    const values = measure(this.#once);
    const resampled = this.#draws.map(measure);
    return values.map((mean, i) => {
      if (mean === null) return null;
      const own = resampled.map((figures) => figures[i] ?? Number.NEGATIVE_INFINITY);
      const [low, median, high] = quantilesOf(own, [0.025, 0.5, 0.975]) as [number, number, number];
      return { mean, low, median, high };
    });
  }
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
