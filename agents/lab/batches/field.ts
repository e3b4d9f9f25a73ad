import type { OutcomeRecord } from '../../../kernel/outcomes/record.js';
import { createPolicy } from '../../../schedulers/registry.js';
import type { CoreInfo } from '../../../syscalls/cores.js';
import { answeredByAll, outcomesOf, type Predictions } from '../metrics/outcomes.js';
import { callOf } from '../predictor/record-calls.js';
import type { OutOfFoldPredictions } from './out-of-fold.js';
import { type BatchRules, type Played, playBatches, type RecordedCalls } from './play-batches.js';
import { servedPredictor } from './served-predictor.js';

/** The records that every model answered, and what is predicted of them. */
export interface Field extends RecordedCalls {
  readonly predictions: OutOfFoldPredictions;
  /** Plays a new policy. @param rows records in order, each as often as it occurs */
  play(spec: string, rows: Int32Array, rules: BatchRules): Promise<Played>;
}

/**
 * @param records of which some were answered by every model
 * @param cores the chosen models with their caps
 * @param predictions [records x cores]
 */
export function fieldOf(
  records: readonly OutcomeRecord[],
  cores: readonly CoreInfo[],
  predictions: OutOfFoldPredictions,
): Field {
  const models = cores.map(({ id }) => id);
  const rows = answeredByAll(outcomesOf(records, models));
  const played = Array.from(rows, (row) => records[row] as OutcomeRecord);
  const calls = played.map(callOf);
  const own: OutOfFoldPredictions = {
    predictor: predictionsOf(predictions.predictor, rows, cores.length),
    neighbours: predictionsOf(predictions.neighbours, rows, cores.length),
  };
  const predictor = servedPredictor(calls, own.predictor);
  const neighbours = servedPredictor(calls, own.neighbours);
  const recorded: RecordedCalls = { calls, cores, outcomes: outcomesOf(played, models) };
  return {
    ...recorded,
    predictions: own,
    play(spec, order, rules) {
      const policy = createPolicy(spec, { predictor: () => predictor, neighbours: () => neighbours });
      return playBatches(policy, recorded, order, rules);
    },
  };
}

/** These rows of a matrix, in order. @param values [any x models] */
export function rowsOf(values: Float64Array, rows: Int32Array, models: number): Float64Array {
  const picked = new Float64Array(rows.length * models);
  for (const [i, row] of rows.entries()) picked.set(values.subarray(row * models, (row + 1) * models), i * models);
  return picked;
}

function predictionsOf(predictions: Predictions, rows: Int32Array, models: number): Predictions {
  const pick = (values: Float64Array) => rowsOf(values, rows, models);
  const { quality, tokensMean, tokensP90, costMean } = predictions;
  return {
    quality: pick(quality),
    tokensMean: pick(tokensMean),
    tokensP90: pick(tokensP90),
    costMean: pick(costMean),
  };
}
