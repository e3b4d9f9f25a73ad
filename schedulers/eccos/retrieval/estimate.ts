import { logOfTokens, type Outcome, type Sample } from './outcome-column.js';

/** What is expected of a call on one model: quality 0 to 1; mean and standard deviation of ln(output tokens). */
export interface Outlook {
  readonly quality: number;
  readonly logTokens: number;
  readonly logSpread: number;
}

/** A similar call of the past, and its cosine to the call asked about. */
export interface Neighbour extends Outcome {
  readonly similarity: number;
}

/** What the rated calls of one partition say about one model. */
export interface Estimate {
  /** Calls of the model rated in the partition, 1 and more: under 300 `local` is the better one. */
  readonly count: number;
  /** The mean of all of them, see `localOutlook`. */
  readonly local: Outlook;
  /** The mean of the similar ones, see `nearestOutlook`. */
  readonly nearest: Outlook;
  /** Effective number of neighbours behind `nearest`, (sum w)^2 / sum w^2 (Kish); 0: none was near, and `nearest` is `local`. */
  readonly nEffective: number;
  /** Cosine of the best neighbour; null: none. */
  readonly similarity: number | null;
}

/** Standard deviation of ln(output tokens) that is expected of a model, and how many calls that counts for. */
const USUAL_SPREAD = { deviation: 0.7, calls: 10 } as const;
/** Cosine by which a neighbour must fall behind the best to weigh 1/e of it. */
const TEMPERATURE = 0.2;
/** The 90 % quantile of the standard normal distribution. */
const NORMAL_P90 = 1.2815515655446004;

/** The means of all n calls; spread^2 = (sum (log - mean)^2 + 10 x .7^2) / (n + 10), so that one call does not make it zero. */
export function localOutlook({ count, quality, logTokens, squares }: Sample): Outlook {
  const { deviation, calls } = USUAL_SPREAD;
  return { quality, logTokens, logSpread: Math.sqrt((squares + calls * deviation ** 2) / (count + calls)) };
}

/**
 * The similarity-weighted mean with one pseudo-count of `local`: w = exp((s - s_max) / .2),
 * quality and log tokens m = (sum w x + local) / (sum w + 1), spread^2 = (sum w (log - m)^2 + local spread^2) / (sum w + 1).
 *
 * @param neighbours best first
 */
export function nearestOutlook(
  neighbours: readonly Neighbour[],
  local: Outlook,
): Pick<Estimate, 'nearest' | 'nEffective' | 'similarity'> {
  const best = neighbours[0]?.similarity;
  if (best === undefined) return { nearest: local, nEffective: 0, similarity: null };
  const weights = new Float64Array(neighbours.length);
  const logs = new Float64Array(neighbours.length);
  let sum = 0;
  let squares = 0;
  let quality = local.quality;
  let log = local.logTokens;
  for (const [n, { similarity, score, outputTokens }] of neighbours.entries()) {
    const weight = Math.exp((similarity - best) / TEMPERATURE);
    weights[n] = weight;
    logs[n] = logOfTokens(outputTokens);
    sum += weight;
    squares += weight * weight;
    quality += weight * score;
    log += weight * logs[n]!;
  }
  const logTokens = log / (sum + 1);
  let deviations = local.logSpread ** 2;
  for (let n = 0; n < logs.length; n++) deviations += weights[n]! * (logs[n]! - logTokens) ** 2;
  return {
    nearest: { quality: Math.min(1, quality / (sum + 1)), logTokens, logSpread: Math.sqrt(deviations / (sum + 1)) },
    nEffective: sum ** 2 / squares,
    similarity: best,
  };
}

/** Expected output tokens, log-normal: exp(mean + spread^2 / 2). */
export function tokensMean({ logTokens, logSpread }: Outlook): number {
  return Math.exp(logTokens + logSpread ** 2 / 2);
}

/** The 90 % quantile of the output tokens, log-normal: exp(mean + 1.2816 spread). */
export function tokensP90({ logTokens, logSpread }: Outlook): number {
  return Math.exp(logTokens + NORMAL_P90 * logSpread);
}

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
  const mean = (of: (outcome: Outcome) => number) =>
    outcomes.reduce((sum, outcome) => sum + of(outcome), 0) / Math.max(1, outcomes.length);
  return { quality: mean(({ score }) => score), tokens: mean(({ outputTokens }) => outputTokens) };
}
