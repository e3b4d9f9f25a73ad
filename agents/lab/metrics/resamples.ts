import { Random } from '../load/random.js';
import { onceEach, type Statistic, type Weights } from './outcomes.js';
import { type Figure, quantilesOf, RESAMPLES, tailOf } from './statistics.js';

/** Several figures of one pass over the records or seeds, each of which counts as often as its weight says; null: not reached. */
type Measure = (weights: Weights) => readonly (number | null)[];

/**
 * Bootstrap over records or seeds: the same draws for every figure, so that figures of two routers are paired. Each
 * record is drawn as a number of times that it counts.
 */
export class Resamples {
  readonly #once: Weights;
  /** Each different one once: three seeds can be drawn in ten ways, whatever the number of draws. */
  readonly #different: readonly Weights[];
  /** Which of them each draw is. */
  readonly #draws: readonly number[];
  readonly #tail: number;

  /** @param count how many resamples @param tail share of them below and above the interval */
  constructor(records: number, count: number, tail = 0.025) {
    this.#once = onceEach(records);
    this.#tail = tail;
    const random = new Random('bootstrap');
    const different: Weights[] = [];
    const places = new Map<string, number>();
    this.#draws = Array.from({ length: count }, () => {
      const weights = new Uint16Array(records);
      for (let i = 0; i < records; i++) weights[random.int(0, records - 1)]!++;
      const key = weights.join();
      const place = places.get(key) ?? different.push(weights) - 1;
      places.set(key, place);
      return place;
    });
    this.#different = different;
  }

  /** Resamples of a few seeds: the draws and intervals are those of `figureOf` in statistics.ts. @param seeds 1 or more */
  static ofSeeds(seeds: number): Resamples {
    return new Resamples(seeds, seeds > 1 ? RESAMPLES : 0, tailOf(seeds));
  }

  /**
   * The figures of the data as it is, each with the percentiles of its resamples. A resample that does not reach a figure
   * counts as lower than any that does: an end of an interval is null where it falls among these, or without resamples.
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
    const measured = this.#different.map(measure);
    const resampled = this.#draws.map((place) => measured[place]!);
    const at = [this.#tail, 0.5, 1 - this.#tail];
    return values.map((mean, i) => {
      if (mean === null) return null;
      const own = resampled.map((figures) => figures[i] ?? Number.NEGATIVE_INFINITY);
      const [low, median, high] = quantilesOf(own, at) as [number, number, number];
      return { mean, low, median, high };
    });
  }
}

function finite(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? value : null;
}
