import type { Outcomes, Predictions, Statistic, Weights } from './outcomes.js';

/** One model's known cells, from the lowest prediction to the highest. */
interface Ranking {
  readonly record: Int32Array;
  readonly predicted: Float64Array;
  readonly score: Float64Array;
}

/**
 * Area under the ROC curve, averaged over the models that have both right and wrong answers: the probability that of two
 * records of one model, the right one was predicted higher; ties count half.
 *
 * A score between 0 and 1 is that share of a right answer and the rest of a wrong one, so a pair (i, j) of different
 * records weighs score_i (1 - score_j). With scores of 0 and 1 this is the Mann-Whitney statistic.
 *
 * @param groups of the records, for example the fold that predicted them: only records of one group are compared, since
 * predictors of different folds differ in their means against the very records that they have not seen @default one group
 */
export function auc(
  outcomes: Outcomes,
  { quality }: Pick<Predictions, 'quality'>,
  groups: ArrayLike<number> = new Uint8Array(outcomes.records),
): Statistic {
  const names = [...new Set(Array.from(groups))];
  const rankings = Array.from({ length: outcomes.models }, (_, model) => {
    const ranking = rankingOf(outcomes, quality, model);
    return names.map((name) => part(ranking, (record) => groups[record] === name));
  });
  return (weights) => {
    let sum = 0;
    let count = 0;
    for (const parts of rankings) {
      const areas = parts.map((ranking) => areaOf(ranking, weights));
      const pairs = areas.reduce((total, area) => total + area.pairs, 0);
      if (!(pairs > 0)) continue;
      sum += areas.reduce((total, area) => total + area.won, 0) / pairs;
      count++;
    }
    return count === 0 ? null : sum / count;
  };
}

function rankingOf({ records, models, score }: Outcomes, quality: Float64Array, model: number): Ranking {
  const at = (record: number) => record * models + model;
  const record = Int32Array.from({ length: records }, (_, i) => i)
    .filter((i) => !Number.isNaN(score[at(i)]!) && !Number.isNaN(quality[at(i)]!))
    .sort((a, b) => quality[at(a)]! - quality[at(b)]! || a - b);
  return {
    record,
    predicted: Float64Array.from(record, (i) => quality[at(i)]!),
    score: Float64Array.from(record, (i) => score[at(i)]!),
  };
}

function part({ record, predicted, score }: Ranking, isIn: (record: number) => boolean): Ranking {
  const of = <T extends Int32Array | Float64Array>(values: T) => values.filter((_, i) => isIn(record[i]!)) as T;
  return { record: of(record), predicted: of(predicted), score: of(score) };
}

/** Pairs of a right and a wrong answer, and in how many the right one was predicted higher. */
function areaOf(
  { record, predicted, score }: Ranking,
  weights: Weights,
): { readonly won: number; readonly pairs: number } {
  let below = 0;
  let right = 0;
  let won = 0;
  // A record is not compared with itself.
  let self = 0;
  for (let i = 0; i < record.length; ) {
    const value = predicted[i]!;
    let tiedRight = 0;
    let tiedWrong = 0;
    for (; i < record.length && predicted[i] === value; i++) {
      const weight = weights[record[i]!]!;
      const share = score[i]!;
      tiedRight += weight * share;
      tiedWrong += weight * (1 - share);
      self += weight * share * (1 - share);
    }
    won += tiedRight * (below + tiedWrong / 2);
    right += tiedRight;
    below += tiedWrong;
  }
  return { won: won - self / 2, pairs: right * below - self };
}
