import { solveAssignment } from '../../../schedulers/eccos/optimizer/solve-assignment.js';
import { eccosParameters } from '../../../schedulers/eccos/policy/parameters.js';
import { columnEffectsOf, shrinkInteraction } from '../../../schedulers/eccos/predictor/shrink-interaction.js';
import type { Weights } from '../metrics/outcomes.js';
import { meanOf } from '../metrics/statistics.js';
import { type BatchField, type BatchRules, type Played, rowsOf } from './batch-field.js';
import type { Sweep } from './batch-sweeps.js';
import type { Comparison } from './gates.js';

/** Mean predicted quality may be so far from alpha. */
const NEAR = 0.003;

/** Every second alpha of the sweep, without its ends, where alpha is out of reach or costs nothing. */
export function comparedAlphas({ settings }: Sweep): readonly number[] {
  return settings.slice(2, -2).filter((alpha, i): alpha is number => alpha !== null && i % 2 === 1);
}

/**
 * Gate F1, what it costs to decide batch by batch with a carried price: realised cost over that of one assignment of all
 * calls at once, with the same mean predicted quality, less 1. No answer is rated and there is no margin, so that alpha is
 * the only aim. Without caps.
 */
export class PriceOverhead {
  readonly #field: BatchField;
  readonly #plays: readonly Played[];
  /** Quality as eccos believes it, [records x models]. */
  readonly #believed: Float64Array;

  private constructor(field: BatchField, plays: readonly Played[]) {
    this.#field = field;
    this.#plays = plays;
    const { gamma } = eccosParameters.parse({});
    const { quality } = field.predictions.predictor;
    this.#believed = shrinkInteraction(quality, columnEffectsOf(quality, field.outcomes.models), gamma);
  }

  /** @param alphas those are left out where mean predicted quality ends up more than .3 points from alpha */
  static async play(
    field: BatchField,
    order: Int32Array,
    alphas: readonly number[],
    rules: BatchRules,
  ): Promise<PriceOverhead> {
    const plays: Played[] = [];
    for (const alpha of alphas) {
      const played = await field.play(`eccos:alpha=${alpha},margin=0`, order, { ...rules, rated: false });
      if (played.predicted !== null && Math.abs(played.predicted - alpha) <= NEAR) plays.push(played);
    }
    return new PriceOverhead(field, plays);
  }

  /** The mean over the alphas; null without one. */
  comparison(weights: Weights): Comparison {
    const rows = Int32Array.from([...weights].flatMap((weight, row) => new Array<number>(weight).fill(row)));
    const overheads = this.#plays.map((played) => this.#overhead(played, rows)).filter((one) => one !== null);
    const value = overheads.length === 0 ? null : meanOf(overheads);
    return { name: 'F1', against: 'one batch sweep', at: 'alpha', value };
  }

  /** @param rows records, each as often as it counts */
  #overhead({ columns, predicted }: Played, rows: Int32Array): number | null {
    const { outcomes } = this.#field;
    const meanAt = (values: Float64Array, of: Int32Array) =>
      of.reduce((sum, row) => sum + values[row * outcomes.models + columns[row]!]!, 0) / of.length;
    const all = Int32Array.from(columns.keys());
    // What the policy expected while it learnt, and by how much these records promise more.
    const alpha = (predicted ?? 0) + meanAt(this.#believed, rows) - meanAt(this.#believed, all);
    const least = this.#costAtOnePrice(rows, alpha);
    return least === 0 ? null : meanAt(outcomes.costUsd, rows) / least - 1;
  }

  /** Realised mean US dollars a call of the cheapest assignment of all rows at once with this mean predicted quality. */
  #costAtOnePrice(rows: Int32Array, alpha: number): number {
    const { outcomes, predictions } = this.#field;
    const { models, costUsd } = outcomes;
    const { assignment } = solveAssignment({
      n: rows.length,
      m: models,
      quality: rowsOf(this.#believed, rows, models),
      cost: rowsOf(predictions.predictor.costMean, rows, models),
      caps: new Float64Array(models).fill(Infinity),
      alpha,
    });
    return assignment.reduce((sum, core, i) => sum + costUsd[rows[i]! * models + core]!, 0) / rows.length;
  }
}
