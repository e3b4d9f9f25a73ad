import type { PredictableCall, Prediction, Predictor } from '../../../schedulers/eccos/predictor/prediction.js';
import type { Predictions } from '../metrics/outcomes.js';

/**
 * A predictor that has predicted already: one that was not trained on these calls, each call known by its `params` object.
 * It learns nothing.
 *
 * @param calls row by row
 * @param predictions [calls x cores], the cores in the order in which they are later asked for
 */
export function servedPredictor(calls: readonly PredictableCall[], predictions: Predictions): Predictor {
  const cores = predictions.quality.length / Math.max(1, calls.length);
  const { quality, tokensMean, tokensP90, costMean } = predictions;
  const rows = new Map(
    calls.map(({ params }, row) => [
      params,
      Array.from({ length: cores }, (_, core): Prediction => {
        const cell = row * cores + core;
        return {
          quality: quality[cell]!,
          tokensMean: tokensMean[cell]!,
          tokensP90: tokensP90[cell]!,
          costMean: costMean[cell]!,
          source: 'trained',
          nEffective: 0,
          similarity: null,
        };
      }),
    ]),
  );
  return {
    predict: async (asked) => asked.map(({ params }) => rows.get(params) as readonly Prediction[]),
    finished() {},
    judged() {},
    async close() {},
  };
}
