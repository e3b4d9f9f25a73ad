import { logitOf, probabilityOf } from './online-logit.js';

/** Predictions are kept this far from 0 and 1, only so that their logits stay finite. */
const EDGE = 1e-6;

/** How much each model's logits lie above the mean of all models, one a column. */
export type ColumnEffects = readonly number[];

/**
 * Column effects of predictions that stand for the traffic. Rows with a gap say nothing of the differences and are left
 * out; without a whole row all effects are 0.
 *
 * @param quality [rows x models], 0 to 1, NaN = unknown
 */
export function columnEffectsOf(quality: ArrayLike<number>, models: number): ColumnEffects {
  const effects = new Array<number>(models).fill(0);
  const logits = new Array<number>(models).fill(0);
  let rows = 0;
  for (let from = 0; from < quality.length; from += models) {
    for (let j = 0; j < models; j++) logits[j] = logitOfPrediction(quality[from + j]!);
    const mean = logits.reduce((sum, value) => sum + value, 0) / models;
    if (Number.isNaN(mean)) continue;
    rows++;
    for (let j = 0; j < models; j++) effects[j]! += logits[j]! - mean;
  }
  return effects.map((sum) => sum / Math.max(1, rows));
}

/**
 * Cures the winner's curse: what sets one model apart on one call is mostly noise, and choosing the best picks the noise.
 * L_ij = row mean + column effect + gamma x interaction, in logits.
 *
 * @param quality [rows x models], 0 to 1, NaN = unknown and stays so
 * @param gamma 1 = as predicted, 0 = every call has the same differences between models
 */
export function shrinkInteraction(quality: Float64Array, effects: ColumnEffects, gamma: number): Float64Array {
  const models = effects.length;
  const shrunk = new Float64Array(quality.length);
  for (let from = 0; from < quality.length; from += models) {
    let sum = 0;
    let known = 0;
    for (let j = 0; j < models; j++) {
      const value = logitOfPrediction(quality[from + j]!);
      if (Number.isNaN(value)) continue;
      sum += value - effects[j]!;
      known++;
    }
    const ease = sum / known;
    for (let j = 0; j < models; j++) {
      const additive = ease + effects[j]!;
      shrunk[from + j] = probabilityOf(additive + gamma * (logitOfPrediction(quality[from + j]!) - additive));
    }
  }
  return shrunk;
}

export function logitOfPrediction(quality: number): number {
  return logitOf(quality, EDGE);
}
