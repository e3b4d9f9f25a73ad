import type { Outcomes, Predictions, Statistic, Weights } from './outcomes.js';

/** One model's known cells, from the lowest prediction to the highest. */
interface Ranking {
  readonly record: Int32Array;
  readonly predicted: Float64Array;
  readonly score: Float64Array;
}

/**
 * Area under the ROC curve, averaged over the models that have both right and wrong answers: the chance that of two
 * records of one model, the right one was predicted higher; ties count half.
 *
 * A score between 0 and 1 is that share of a right answer and the rest of a wrong one, so a pair (i, j) of different
 * records weighs score_i (1 - score_j). With scores of 0 and 1 this is the Mann-Whitney statistic.
 */
export function auc(outcomes: Outcomes, { quality }: Pick<Predictions, 'quality'>): Statistic {
  const rankings = Array.from({ length: outcomes.models }, (_, model) => rankingOf(outcomes, quality, model));
  return (weights) => {
    let sum = 0;
    let count = 0;
    for (const ranking of rankings) {
      const area = areaOf(ranking, weights);
      if (area === null) continue;
      sum += area;
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

function areaOf({ record, predicted, score }: Ranking, weights: Weights): number | null {
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
  const pairs = right * below - self;
  return pairs > 0 ? (won - self / 2) / pairs : null;
}
