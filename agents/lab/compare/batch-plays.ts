import { eccosParameters } from '../../../schedulers/eccos/policy/parameters.js';
import { columnEffectsOf, shrinkInteraction } from '../../../schedulers/eccos/predictor/shrink-interaction.js';
import type { BatchField, BatchRules } from './batch-field.js';

/** A policy on a sequence of records. */
export interface Play {
  /** Mean quality that the policy expected; null: it expects nothing. */
  readonly predicted: number | null;
  /** The same of the records that it played to choose these cores. */
  readonly predictedInPlay: number | null;
  /** Mean over the calls of what a matrix says of the chosen cores. @param values [records x models] */
  meanOf(values: Float64Array): number;
}

interface Choice {
  /** Column of each record's core. */
  readonly byRow: Int32Array;
  /** Mean quality that the policy expected. */
  readonly predicted: number | null;
  /** Mean quality that is believed of its choices. */
  readonly believed: number;
}

/**
 * Policies on the records and on resamples of them. A policy plays the records once, and a resample takes over the cores
 * that it chose for them; or it plays every resample again, so that what it learns on the way is drawn again too.
 */
export class BatchPlays {
  readonly field: BatchField;
  /** Quality as eccos believes it, [records x models]. */
  readonly believed: Float64Array;
  readonly #rules: BatchRules;
  readonly #replay: boolean;
  readonly #choices = new Map<string, Choice>();

  constructor(field: BatchField, rules: BatchRules, replay: boolean) {
    this.field = field;
    this.#rules = rules;
    this.#replay = replay;
    const { quality } = field.predictions.predictor;
    const { gamma } = eccosParameters.parse({});
    this.believed = shrinkInteraction(quality, columnEffectsOf(quality, field.outcomes.models), gamma);
  }

  /**
   * @param rows records, each as often as it is sent; at first all of them, each once
   * @param rated whether the policy receives the rating of each answer
   */
  async of(spec: string, rows: Int32Array, rated = true): Promise<Play> {
    const known = this.#choices.get(spec);
    if (known !== undefined) {
      const meanOf = this.#meanOf(
        rows,
        rows.map((row) => known.byRow[row]!),
      );
      const predicted = known.predicted === null ? null : known.predicted + meanOf(this.believed) - known.believed;
      return { meanOf, predicted, predictedInPlay: known.predicted };
    }
    const { columns, predicted } = await this.field.play(spec, rows, { ...this.#rules, rated });
    const meanOf = this.#meanOf(rows, columns);
    if (!this.#replay) {
      const byRow = new Int32Array(rows.length);
      for (const [i, row] of rows.entries()) byRow[row] = columns[i]!;
      this.#choices.set(spec, { byRow, predicted, believed: meanOf(this.believed) });
    }
    return { meanOf, predicted, predictedInPlay: predicted };
  }

  #meanOf(rows: Int32Array, columns: Int32Array): Play['meanOf'] {
    const { models } = this.field.outcomes;
    return (values) => rows.reduce((sum, row, i) => sum + values[row * models + columns[i]!]!, 0) / rows.length;
  }
}
