import { Random } from '../load/random.js';
import { onceEach, type Weights } from '../metrics/outcomes.js';
import { type Figure, intervalOf, RESAMPLES } from './statistics.js';

/** Several figures of one pass over the seeds, each of which counts as often as its weight says; null: not reached. */
export type Measure = (weights: Weights) => readonly (number | null)[];

/** Bootstrap over seeds of figures that are more than a mean. The resamples are those of `figureOf`, so that all are paired. */
export class SeedResamples {
  readonly #seeds: number;
  readonly #draws: readonly Weights[];

  /** @param seeds 1 or more */
  constructor(seeds: number) {
    this.#seeds = seeds;
    const random = new Random('bootstrap');
    this.#draws = Array.from({ length: seeds > 1 ? RESAMPLES : 0 }, () => {
      const weights = new Uint16Array(seeds);
      for (let i = 0; i < seeds; i++) weights[random.int(0, seeds - 1)]!++;
      return weights;
    });
  }

  /**
   * The figures of all seeds with their intervals. A resample that does not reach a figure counts as lower than any that
   * does: an end of an interval is null where it falls among these.
   */
  figuresOf(measure: Measure): (Figure | null)[] {
    const resampled = this.#draws.map(measure);
    return measure(onceEach(this.#seeds)).map((mean, i) => {
      if (mean === null) return null;
      if (this.#seeds === 1) return { mean, low: null, high: null };
      const values = Float64Array.from(resampled, (figures) => figures[i] ?? Number.NEGATIVE_INFINITY);
      const { low, high } = intervalOf(values, this.#seeds);
      return { mean, low: finite(low), high: finite(high) };
    });
  }
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
