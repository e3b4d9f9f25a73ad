import type { Outcome } from './outcome-column.js';

/** Nearest points that the published estimate looks at. */
export const PUBLISHED_NEIGHBOURS = 16;

/** Quality 0 to 1, and output tokens. */
export interface PublishedEstimate {
  readonly quality: number;
  readonly tokens: number;
}

/**
 * The published retrieval predictor (arXiv 2502.20576), a baseline only: unweighted share of correct answers and plain mean of
 * the output tokens over the 16 nearest points; a model that none of them has seen counts as 0, which is one of its faults.
 */
export function publishedEstimate(outcomes: readonly Outcome[]): PublishedEstimate {
  const mean = (values: readonly number[]) =>
    values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    quality: mean(outcomes.map(({ score }) => score)),
    tokens: mean(outcomes.map(({ outputTokens }) => outputTokens)),
  };
}
