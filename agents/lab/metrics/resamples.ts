import { Random } from '../load/random.js';
import { onceEach, type Statistic, type Weights } from './outcomes.js';
import { type Figure, quantilesOf, RESAMPLES, tailOf } from './statistics.js';

/** Several figures of one pass over the records, each of which counts as often as its weight says; null: not reached. */
type Measure = (weights: Weights) => readonly (number | null)[];

/**
 * Bootstrap over records: the same draws for every figure, so that figures of two routers are paired. Each
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
    const measured = this.#different.map(measure);
    return spreadsOf(
      measure(this.#once),
      this.#draws.map((place) => measured[place]!),
      this.#tail,
    );
  }
}

/** What counts how often in one draw of seeds and records. */
export interface Draw {
  readonly seeds: Weights;
  /** Which draw of the records, from 0; undefined: each counts once. */
  readonly records: number | undefined;
}

/** Different draws of the records: each goes with several draws of the seeds. */
export const RECORD_DRAWS = 200;

/**
 * Bootstrap over seeds and, in each draw, over the records that they have in common: what depends on the order of calls, and
 * what depends on which calls there were. Draws of records are the same for all seeds and figures.
 */
export class SeedResamples {
  readonly #seeds: number;
  readonly #draws: readonly Draw[];

  /** @param seeds 1 or more; of one there are no resamples */
  constructor(seeds: number) {
    this.#seeds = seeds;
    const random = new Random('bootstrap');
    this.#draws = Array.from({ length: seeds > 1 ? RESAMPLES : 0 }, (_, i) => {
      const weights = new Uint16Array(seeds);
      for (let k = 0; k < seeds; k++) weights[random.int(0, seeds - 1)]!++;
      return { seeds: weights, records: i % RECORD_DRAWS };
    });
  }

  /** As `figuresOf` of `Resamples`. */
  figuresOf(measure: (draw: Draw) => readonly (number | null)[]): (Figure | null)[] {
    const values = measure({ seeds: onceEach(this.#seeds), records: undefined });
    return spreadsOf(values, this.#draws.map(measure), tailOf(this.#seeds)).map(
      (spread) => spread && { mean: spread.mean, low: finite(spread.low), high: finite(spread.high) },
    );
  }
}

/** @param resampled the same figures of each draw */
function spreadsOf(
  values: readonly (number | null)[],
  resampled: readonly (readonly (number | null)[])[],
  tail: number,
) {
  const at = [tail, 0.5, 1 - tail];
  return values.map((mean, i) => {
    if (mean === null) return null;
    const own = resampled.map((figures) => figures[i] ?? Number.NEGATIVE_INFINITY);
    const [low, median, high] = quantilesOf(own, at) as [number, number, number];
    return { mean, low, median, high };
  });
}

function finite(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? value : null;
}
