import type { Outcomes, Predictions, Statistic, Weights } from './outcomes.js';

const BINS = 10;

/** Predictions of about one height, and what became of them. */
export interface ReliabilityBin {
  /** Mean prediction. */
  readonly predicted: number;
  /** Mean score. */
  readonly observed: number;
  /** (record, model) pairs; a fraction where a tie is shared out. */
  readonly count: number;
}

/** Known cells, from the lowest prediction to the highest. */
interface Pairs {
  readonly record: Int32Array;
  readonly predicted: Float64Array;
  readonly score: Float64Array;
}

/**
 * Ten bins of equal count over the (record, model) pairs of all models. Equal predictions are alike: where a border
 * falls inside them, each side takes its share of their scores, so that the order of the records does not matter.
 */
export function reliability(
  outcomes: Outcomes,
  { quality }: Pick<Predictions, 'quality'>,
): (weights: Weights) => readonly ReliabilityBin[] {
  const pairs = pairsOf(outcomes, quality, () => true);
  return (weights) => binsOf(pairs, weights);
}

/**
 * Expected calibration error: mean distance of prediction and score over ten bins of equal count, averaged over the
 * models. Its floor is noise: a perfect predictor has about .8 sqrt(p (1 - p) / records in a bin).
 */
export function calibrationError(outcomes: Outcomes, { quality }: Pick<Predictions, 'quality'>): Statistic {
  const lists = Array.from({ length: outcomes.models }, (_, own) =>
    pairsOf(outcomes, quality, (model) => model === own),
  );
  return (weights) => {
    let sum = 0;
    let known = 0;
    for (const pairs of lists) {
      let error = 0;
      let total = 0;
      for (const { predicted, observed, count } of binsOf(pairs, weights)) {
        error += count * Math.abs(predicted - observed);
        total += count;
      }
      if (total === 0) continue;
      sum += error / total;
      known++;
    }
    return known === 0 ? null : sum / known;
  };
}

/** Mean squared distance of prediction and score over all (record, model) pairs (Brier, 1950). */
export function brierScore({ records, models, score }: Outcomes, { quality }: Pick<Predictions, 'quality'>): Statistic {
  const error = new Float64Array(records);
  const count = new Float64Array(records);
  for (let cell = 0; cell < records * models; cell++) {
    const distance = quality[cell]! - score[cell]!;
    if (Number.isNaN(distance)) continue;
    const record = Math.floor(cell / models);
    error[record]! += distance ** 2;
    count[record]! += 1;
  }
  return (weights) => {
    let sum = 0;
    let total = 0;
    for (let i = 0; i < records; i++) {
      sum += weights[i]! * error[i]!;
      total += weights[i]! * count[i]!;
    }
    return total === 0 ? null : sum / total;
  };
}

function pairsOf(
  { records, models, score }: Outcomes,
  quality: Float64Array,
  takes: (model: number) => boolean,
): Pairs {
  const cells = Int32Array.from({ length: records * models }, (_, cell) => cell)
    .filter((cell) => takes(cell % models) && !Number.isNaN(score[cell]!) && !Number.isNaN(quality[cell]!))
    .sort((a, b) => quality[a]! - quality[b]! || a - b);
  return {
    record: cells.map((cell) => Math.floor(cell / models)),
    predicted: Float64Array.from(cells, (cell) => quality[cell]!),
    score: Float64Array.from(cells, (cell) => score[cell]!),
  };
}

function binsOf({ record, predicted, score }: Pairs, weights: Weights): ReliabilityBin[] {
  let total = 0;
  for (let i = 0; i < record.length; i++) total += weights[record[i]!]!;
  const bins = Array.from({ length: BINS }, () => ({ predicted: 0, observed: 0, count: 0 }));
  let bin = 0;
  let place = 0;
  for (let i = 0; i < record.length; ) {
    const value = predicted[i]!;
    let tied = 0;
    let tiedScore = 0;
    for (; i < record.length && predicted[i] === value; i++) {
      const weight = weights[record[i]!]!;
      tied += weight;
      tiedScore += weight * score[i]!;
    }
    const mean = tiedScore / tied;
    while (tied > 0) {
      const border = bin === BINS - 1 ? Infinity : (total * (bin + 1)) / BINS;
      const taken = Math.min(tied, border - place);
      const own = bins[bin]!;
      own.count += taken;
      own.predicted += taken * value;
      own.observed += taken * mean;
      place += taken;
      tied -= taken;
      if (tied > 0) bin++;
    }
  }
  return bins
    .filter(({ count }) => count > 0)
    .map(({ predicted, observed, count }) => ({ predicted: predicted / count, observed: observed / count, count }));
}
