import { solveAssignment } from '../../../schedulers/eccos/optimizer/solve-assignment.js';
import { eccosParameters } from '../../../schedulers/eccos/policy/parameters.js';
import { columnEffectsOf, shrinkInteraction } from '../../../schedulers/eccos/predictor/shrink-interaction.js';
import { meanOf } from '../compare/statistics.js';
import { type Field, rowsOf } from './field.js';
import type { Comparison } from './gates.js';
import type { Sweep } from './sweeps.js';

/** Mean predicted quality may be so far from alpha. */
const NEAR = 0.003;

/**
 * Gate F1: `carriedPriceOverhead` at every second alpha of the sweep, without its ends, where alpha is out of reach or
 * costs nothing.
 */
export async function carriedPriceOverheads(
  field: Field,
  rows: Int32Array,
  { sweep, batch }: { readonly sweep: Sweep; readonly batch: number },
): Promise<readonly Comparison[]> {
  const alphas = sweep.settings.slice(2, -2).filter((alpha, i) => alpha !== null && i % 2 === 1);
  const overheads: number[] = [];
  for (const alpha of alphas) {
    const overhead = await carriedPriceOverhead(field, rows, { alpha: alpha as number, batch });
    if (overhead !== null) overheads.push(overhead);
  }
  return [
    { name: 'F1', against: 'one batch sweep', at: 'alpha', value: overheads.length === 0 ? null : meanOf(overheads) },
  ];
}

/**
 * What it costs to decide batch by batch with a carried price: realised cost over that of one assignment of all calls at
 * once, with the same mean predicted quality, less 1. Nothing is judged and there is no margin, so that alpha alone is
 * aimed at. Without caps.
 *
 * @param rows records in order
 * @returns null where mean predicted quality ends up more than .3 points from alpha
 */
async function carriedPriceOverhead(
  field: Field,
  rows: Int32Array,
  { alpha, batch }: { readonly alpha: number; readonly batch: number },
): Promise<number | null> {
  const { costUsd, predicted } = await field.play(`eccos:alpha=${alpha},margin=0`, rows, { batch, judged: false });
  if (predicted === null || Math.abs(predicted - alpha) > NEAR) return null;
  const at = costAtOnePrice(field, rows, predicted);
  return at === 0 ? null : costUsd / at - 1;
}

/** Realised mean US dollars a call of the cheapest assignment of all rows at once with this mean predicted quality. */
function costAtOnePrice({ outcomes, predictions }: Field, rows: Int32Array, alpha: number): number {
  const { models } = outcomes;
  const predicted = rowsOf(predictions.predictor.quality, rows, models);
  // As eccos believes it.
  const { gamma } = eccosParameters.parse({});
  const { assignment } = solveAssignment({
    n: rows.length,
    m: models,
    quality: shrinkInteraction(predicted, columnEffectsOf(predicted, models), gamma),
    cost: rowsOf(predictions.predictor.costMean, rows, models),
    caps: new Float64Array(models).fill(Infinity),
    alpha,
  });
  return assignment.reduce((sum, core, i) => sum + outcomes.costUsd[rows[i]! * models + core]!, 0) / rows.length;
}
