import type { Prediction } from '../predictor/prediction.js';
import type { Predictions } from './outcomes.js';

/** A predictor's own rows, one a record and a column a model, laid out flat. */
export function predictionsOf(rows: readonly (readonly Pick<Prediction, keyof Predictions>[])[]): Predictions {
  const flat = (of: (prediction: Pick<Prediction, keyof Predictions>) => number) => Float64Array.from(rows.flat(), of);
  return {
    quality: flat(({ quality }) => quality),
    tokensMean: flat(({ tokensMean }) => tokensMean),
    tokensP90: flat(({ tokensP90 }) => tokensP90),
    costMean: flat(({ costMean }) => costMean),
  };
}

/** What the predictor of one fold says of the records that it has not seen. */
export interface FoldPredictions {
  /** Which records these are, in the order of the predictions' rows. */
  readonly records: ArrayLike<number>;
  readonly predictions: Predictions;
}

/** The folds put together: each record's row from the fold that has it, NaN where none has. */
export function outOfFold(folds: readonly FoldPredictions[], records: number, models: number): Predictions {
  const whole = (of: (predictions: Predictions) => Float64Array) => {
    const values = new Float64Array(records * models).fill(Number.NaN);
    for (const fold of folds) {
      const own = of(fold.predictions);
      for (let row = 0; row < fold.records.length; row++) {
        values.set(own.subarray(row * models, (row + 1) * models), fold.records[row]! * models);
      }
    }
    return values;
  };
  return {
    quality: whole(({ quality }) => quality),
    tokensMean: whole(({ tokensMean }) => tokensMean),
    tokensP90: whole(({ tokensP90 }) => tokensP90),
    costMean: whole(({ costMean }) => costMean),
  };
}
