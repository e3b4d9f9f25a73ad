import type { OutcomeRecord } from '../../../kernel/outcomes/record.js';

/** What each of M models made of each of N records: flat, row-major [N x M]; NaN = the model did not answer. */
export interface Outcomes {
  /** N. */
  readonly records: number;
  /** M. */
  readonly models: number;
  /** 0 to 1. */
  readonly score: Float64Array;
  readonly outputTokens: Float64Array;
  /** US dollars. */
  readonly costUsd: Float64Array;
}

/** What a predictor says of the same cells, [N x M]; NaN = it says nothing. */
export interface Predictions {
  /** Probability of a correct answer, 0 to 1. */
  readonly quality: Float64Array;
  /** Expected output tokens. */
  readonly tokensMean: Float64Array;
  /** Output tokens that nine answers in ten stay below. */
  readonly tokensP90: Float64Array;
  /** US dollars. */
  readonly costMean: Float64Array;
}

/** What predicts: the predictor itself, or a baseline such as the 16 nearest neighbours. */
export interface Candidate {
  /** Of the outcomes' cells. With cross-validation each is by a predictor that has not seen the record. */
  readonly predictions: Predictions;
  /** Weight of the interaction of model and query before routing. @default 1, no shrinking */
  readonly gamma?: number;
  /** Times of single predictions, milliseconds. */
  readonly predictMs?: readonly number[];
}

/** How many times each record counts: once, or as often as a resample drew it. */
export type Weights = Uint16Array;

/**
 * A figure of the records by their weights; null where it has no value. What it needs is sorted
 * and laid out once, so that a thousand resamples are cheap.
 */
export type Statistic = (weights: Weights) => number | null;

/** The outcomes of these models, in this order; what others made of the records is left out. */
export function outcomesOf(records: readonly OutcomeRecord[], models: readonly string[]): Outcomes {
  const places = new Map(models.map((model, place) => [model, place]));
  const outcomes = emptyOutcomes(records.length, models.length);
  for (const [row, { outputs }] of records.entries()) {
    for (const { model, score, output_tokens, cost_usd } of outputs) {
      const place = places.get(model);
      if (place === undefined) continue;
      const cell = row * models.length + place;
      outcomes.score[cell] = score;
      outcomes.outputTokens[cell] = output_tokens;
      outcomes.costUsd[cell] = cost_usd;
    }
  }
  return outcomes;
}

/** Records that every model answered. */
export function answeredByAll({ records, models, score, costUsd }: Outcomes): Int32Array {
  const known = (row: number) => {
    for (let cell = row * models; cell < (row + 1) * models; cell++) {
      if (Number.isNaN(score[cell]!) || Number.isNaN(costUsd[cell]!)) return false;
    }
    return models > 0;
  };
  return Int32Array.from({ length: records }, (_, row) => row).filter(known);
}

/** Every record once: the weights of the data as it is. */
export function onceEach(records: number): Weights {
  return new Uint16Array(records).fill(1);
}

/** One who knows the outcomes. A model that did not answer is unknown to it too. */
export function oraclePredictions({ score, outputTokens, costUsd }: Outcomes): Predictions {
  return { quality: score, tokensMean: outputTokens, tokensP90: outputTokens, costMean: costUsd };
}

function emptyOutcomes(records: number, models: number): Outcomes {
  const unknown = () => new Float64Array(records * models).fill(Number.NaN);
  return { records, models, score: unknown(), outputTokens: unknown(), costUsd: unknown() };
}
