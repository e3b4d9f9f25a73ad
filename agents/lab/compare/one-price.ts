import { solveAssignment } from '../../../schedulers/eccos/optimizer/solve-assignment.js';
import { meanOf } from '../metrics/statistics.js';
import { rowsOf } from './batch-field.js';
import type { BatchPlays } from './batch-plays.js';
import type { Sweep } from './batch-sweeps.js';
import type { Comparison } from './gates.js';

/** Mean predicted quality may be so far from alpha. */
const NEAR = 0.003;

/** Every second alpha of the sweep, without its ends, where alpha is out of reach or costs nothing. */
export function comparedAlphas({ settings }: Sweep): readonly number[] {
  return settings.slice(2, -2).filter((alpha, i): alpha is number => alpha !== null && i % 2 === 1);
}

/** Gate F1: the mean of `carriedPriceOverhead` over the alphas at which it has a value. @param rows records in order */
export async function carriedPriceOverheads(
  plays: BatchPlays,
  rows: Int32Array,
  alphas: readonly number[],
): Promise<Comparison> {
  const overheads: number[] = [];
  for (const alpha of alphas) {
    const overhead = await carriedPriceOverhead(plays, rows, alpha);
    if (overhead !== null) overheads.push(overhead);
  }
  const value = overheads.length === 0 ? null : meanOf(overheads);
  return { name: 'F1', against: 'one batch sweep', at: 'alpha', value };
}

/**
 * What it costs to decide batch by batch with a carried price: realised cost over that of one assignment of all calls at
 * once, with the same mean predicted quality, less 1. No answer is rated and there is no margin, so that alpha is the only
 * aim. Without caps.
 *
 * @returns null where mean predicted quality ends up more than .3 points from alpha
 */
async function carriedPriceOverhead(plays: BatchPlays, rows: Int32Array, alpha: number): Promise<number | null> {
  const played = await plays.of(`eccos:alpha=${alpha},margin=0`, rows, false);
  const { predicted, predictedInPlay } = played;
  if (predicted === null || Math.abs((predictedInPlay ?? 0) - alpha) > NEAR) return null;
  const least = costAtOnePrice(plays, rows, predicted);
  return least === 0 ? null : played.meanOf(plays.field.outcomes.costUsd) / least - 1;
}

/** Realised mean US dollars a call of the cheapest assignment of all rows at once with this mean predicted quality. */
function costAtOnePrice({ field, believed }: BatchPlays, rows: Int32Array, alpha: number): number {
  const { models, costUsd } = field.outcomes;
  const { assignment } = solveAssignment({
    n: rows.length,
    m: models,
    quality: rowsOf(believed, rows, models),
    cost: rowsOf(field.predictions.predictor.costMean, rows, models),
    caps: new Float64Array(models).fill(Infinity),
    alpha,
  });
  return assignment.reduce((sum, core, i) => sum + costUsd[rows[i]! * models + core]!, 0) / rows.length;
}
