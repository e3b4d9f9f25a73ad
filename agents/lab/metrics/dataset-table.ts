import type { Outcomes, Predictions } from './outcomes.js';
import { meanOf } from './statistics.js';

interface Cell {
  readonly quality: number;
  readonly tokensMean: number;
  readonly tokensP90: number;
  readonly costMean: number;
}

/**
 * The simplest predictor that knows anything: means of the training records by (sub-dataset, model), the label known.
 * Where a model has answered nothing of a sub-dataset its mean over all of them stands in; NaN where it answered nothing at all.
 */
export class DatasetTable {
  readonly #all: readonly Cell[];
  readonly #byDataset = new Map<string, readonly Cell[]>();

  /** @param datasets sub-dataset of each record */
  constructor(outcomes: Outcomes, datasets: readonly string[]) {
    this.#all = cellsOf(outcomes, [...datasets.keys()]);
    for (const dataset of new Set(datasets)) {
      const own = [...datasets.keys()].filter((row) => datasets[row] === dataset);
      this.#byDataset.set(dataset, cellsOf(outcomes, own));
    }
  }

  /** One row a record, by its sub-dataset. */
  predict(datasets: readonly string[]): Predictions {
    const cells = datasets.flatMap((dataset) => {
      const own = this.#byDataset.get(dataset) ?? this.#all;
      return own.map((cell, model) => (Number.isNaN(cell.quality) ? this.#all[model]! : cell));
    });
    return {
      quality: Float64Array.from(cells, ({ quality }) => quality),
      tokensMean: Float64Array.from(cells, ({ tokensMean }) => tokensMean),
      tokensP90: Float64Array.from(cells, ({ tokensP90 }) => tokensP90),
      costMean: Float64Array.from(cells, ({ costMean }) => costMean),
    };
  }
}

/** One cell a model. */
function cellsOf({ models, score, outputTokens, costUsd }: Outcomes, rows: readonly number[]): Cell[] {
  return Array.from({ length: models }, (_, model) => {
    const of = (values: Float64Array) =>
      rows.map((row) => values[row * models + model]!).filter((value) => !Number.isNaN(value));
    const tokens = of(outputTokens);
    return {
      quality: meanOf(of(score)),
      tokensMean: meanOf(tokens),
      tokensP90: tokens.sort((a, b) => a - b)[Math.ceil(0.9 * tokens.length) - 1] ?? Number.NaN,
      costMean: meanOf(of(costUsd)),
    };
  });
}
