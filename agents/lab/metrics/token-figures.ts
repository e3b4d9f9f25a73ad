import type { Outcomes, Predictions, Statistic } from './outcomes.js';

/**
 * R2 of log(1 + output tokens), averaged over the models whose answers differ in length: 1 - variance of what the
 * prediction misses by / variance of the log.
 *
 * Predictors give the mean of the tokens, not of their log. For each model the two lie a factor apart (smearing), which
 * is a constant of the log; so it is the variance of the misses that counts here, and not their mean.
 */
export function logTokensR2(
  { records, models, outputTokens }: Outcomes,
  { tokensMean }: Pick<Predictions, 'tokensMean'>,
): Statistic {
  const logs = outputTokens.map(Math.log1p);
  const misses = logs.map((log, cell) => log - Math.log1p(tokensMean[cell]!));
  return (weights) => {
    let sum = 0;
    let count = 0;
    for (let model = 0; model < models; model++) {
      let total = 0;
      let log = 0;
      let logs2 = 0;
      let miss = 0;
      let misses2 = 0;
      for (let i = 0, cell = model; i < records; i++, cell += models) {
        const missed = misses[cell]!;
        if (Number.isNaN(missed)) continue;
        const weight = weights[i]!;
        total += weight;
        log += weight * logs[cell]!;
        logs2 += weight * logs[cell]! ** 2;
        miss += weight * missed;
        misses2 += weight * missed ** 2;
      }
      const variance = logs2 - log ** 2 / total;
      if (!(variance > logs2 * ROUNDING)) continue;
      sum += 1 - (misses2 - miss ** 2 / total) / variance;
      count++;
    }
    return count === 0 ? null : sum / count;
  };
}

/** Variances below this share of the sum of squares are rounding. */
const ROUNDING = 1e-12;

/** Share of the answers that are no longer than their predicted 90 % quantile. */
export function p90Coverage(
  { records, models, outputTokens }: Outcomes,
  { tokensP90 }: Pick<Predictions, 'tokensP90'>,
): Statistic {
  const covered = new Float64Array(records);
  const count = new Float64Array(records);
  for (let cell = 0; cell < records * models; cell++) {
    const room = tokensP90[cell]! - outputTokens[cell]!;
    if (Number.isNaN(room)) continue;
    const record = Math.floor(cell / models);
    count[record]! += 1;
    if (room >= 0) covered[record]! += 1;
  }
  return (weights) => {
    let sum = 0;
    let total = 0;
    for (let i = 0; i < records; i++) {
      sum += weights[i]! * covered[i]!;
      total += weights[i]! * count[i]!;
    }
    return total === 0 ? null : sum / total;
  };
}
