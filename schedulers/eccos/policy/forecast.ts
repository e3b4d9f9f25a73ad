import { PREDICTION_SOURCES, type Prediction } from '../predictor/prediction.js';
import { columnEffectsOf } from '../predictor/shrink-interaction.js';

/** Below, the nets do not know the task. */
const KNOWN = 0.5;
/** Where the values of a core are, one core after the other. */
const AT = {
  logit: 0,
  costUsd: 1,
  tokensMean: 2,
  tokensP90: 3,
  difference: 4,
  source: 5,
  nEffective: 6,
  similarity: 7,
};
const FIELDS = 8;

/** What is expected of one core. */
export interface Expected {
  /** Logit of the predicted quality. */
  readonly logit: number;
  /** US dollars. */
  readonly costUsd: number;
  readonly tokensMean: number;
  readonly tokensP90: number;
}

/** What a prediction of one core rests on. */
export type Basis = Pick<Prediction, 'source' | 'nEffective' | 'similarity'>;

/**
 * What is expected of one call on each core, by column in config order; NaN: nothing is known.
 *
 * All in one list of numbers: a forecast outlives several collections of the heap, and each copies it object by object.
 */
export class Forecast {
  readonly #values: readonly number[];
  /** Nothing is known of its task: the nets were not trained on it, and no answer was rated. */
  readonly isUnknown: boolean;

  private constructor(values: readonly number[], isUnknown = false) {
    this.#values = values;
    this.isUnknown = isUnknown;
  }

  /** @param row a prediction a core @param logitOf the predicted quality of a core, the interaction of call and core shrunk */
  static predicted(row: readonly Prediction[], logitOf: (column: number) => number): Forecast {
    const quality = row.map((one) => one.quality);
    const differences = quality.some(Number.isNaN) ? undefined : columnEffectsOf(quality, quality.length);
    const values = valuesFor(row.length);
    for (const [j, { costMean, tokensMean, tokensP90, source, nEffective, similarity }] of row.entries()) {
      put(values, j, { logit: logitOf(j), costUsd: costMean, tokensMean, tokensP90 });
      if (differences !== undefined) values[j * FIELDS + AT.difference] = differences[j]!;
      values[j * FIELDS + AT.source] = PREDICTION_SOURCES.indexOf(source);
      values[j * FIELDS + AT.nEffective] = nEffective;
      if (similarity !== null) values[j * FIELDS + AT.similarity] = similarity;
    }
    const isUnknown = row.every(({ ratings, reliability }) => ratings === 0 && reliability < KNOWN);
    return new Forecast(values, isUnknown && row.length > 0);
  }

  /** Of a call that could not be predicted. @param row what is expected of each core */
  static unpredicted(row: readonly Expected[]): Forecast {
    const values = valuesFor(row.length);
    for (const [j, expected] of row.entries()) put(values, j, expected);
    return new Forecast(values);
  }

  /** How many cores. */
  get width(): number {
    return this.#values.length / FIELDS;
  }

  logit(column: number): number {
    return this.#values[column * FIELDS + AT.logit]!;
  }

  /** US dollars. */
  costUsd(column: number): number {
    return this.#values[column * FIELDS + AT.costUsd]!;
  }

  tokensMean(column: number): number {
    return this.#values[column * FIELDS + AT.tokensMean]!;
  }

  tokensP90(column: number): number {
    return this.#values[column * FIELDS + AT.tokensP90]!;
  }

  /** By how much the logit of the quality, as predicted, lies above the mean over the cores; NaN: some are unknown. */
  difference(column: number): number {
    return this.#values[column * FIELDS + AT.difference]!;
  }

  /** Undefined: the call could not be predicted. */
  basis(column: number): Basis | undefined {
    const source = PREDICTION_SOURCES[this.#values[column * FIELDS + AT.source]!];
    const similarity = this.#values[column * FIELDS + AT.similarity]!;
    return (
      source && {
        source,
        nEffective: this.#values[column * FIELDS + AT.nEffective]!,
        similarity: Number.isNaN(similarity) ? null : similarity,
      }
    );
  }
}

/** Of its very size: a list that grows keeps room for half as much again. */
function valuesFor(cores: number): number[] {
  return new Array<number>(cores * FIELDS).fill(Number.NaN);
}

function put(values: number[], j: number, { logit, costUsd, tokensMean, tokensP90 }: Expected): void {
  values[j * FIELDS + AT.logit] = logit;
  values[j * FIELDS + AT.costUsd] = costUsd;
  values[j * FIELDS + AT.tokensMean] = tokensMean;
  values[j * FIELDS + AT.tokensP90] = tokensP90;
}
