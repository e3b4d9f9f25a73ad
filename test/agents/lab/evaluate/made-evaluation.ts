import type { Evaluation } from '../../../../agents/lab/evaluate/evaluation.js';
import { normal } from '../../../../agents/lab/load/distributions.js';
import { Random } from '../../../../agents/lab/load/random.js';
import type { Outcomes, Predictions } from '../../../../agents/lab/metrics/outcomes.js';

const ABILITY = [-0.5, 0.5, 1.5];
const DOLLARS = [0.0001, 0.0004, 0.002];
export const MODELS: readonly string[] = ['small', 'middle', 'large'];

/** Three models, the more expensive the better, and a predictor that sees the difficulty of each record through some noise, and differences that are none. */
export function madeEvaluation(records = 200, resamples = 100): Evaluation {
  const random = new Random('evaluation');
  const outcomes = empty(records);
  const predictions = emptyPredictions(records);
  const chance = (logit: number) => 1 / (1 + Math.exp(-logit));
  for (let i = 0; i < records; i++) {
    const difficulty = normal(random);
    const seen = 0.7 * difficulty + 0.5 * normal(random);
    for (const [j, ability] of ABILITY.entries()) {
      const cell = i * MODELS.length + j;
      const tokens = Math.round(200 * Math.exp(0.5 * normal(random) + 0.3 * difficulty));
      outcomes.score[cell] = random.next() < chance(ability - 2 * difficulty) ? 1 : 0;
      outcomes.outputTokens[cell] = tokens;
      outcomes.costUsd[cell] = (tokens / 200) * (DOLLARS[j] as number);
      predictions.quality[cell] = chance(ability - 1.5 * seen + 0.5 * normal(random));
      predictions.tokensMean[cell] = 220 * Math.exp(0.3 * seen);
      predictions.tokensP90[cell] = 450 * Math.exp(0.3 * seen);
      predictions.costMean[cell] = (predictions.tokensMean[cell] / 200) * (DOLLARS[j] as number);
    }
  }
  return evaluation(outcomes, predictions, resamples);
}

/** @param predictor of the outcomes' cells; the same stands as a baseline */
export function evaluation(outcomes: Outcomes, predictor: Predictions, resamples = 100): Evaluation {
  return {
    command: 'eccos evaluate --data outcomes.jsonl',
    data: ['data/outcomes.jsonl'],
    split: 'test',
    folds: null,
    feedback: { asked: 0, learnt: 0 },
    models: MODELS.slice(0, outcomes.models),
    outcomes,
    predictor: { predictions: predictor, gamma: 0.7, predictMs: [1, 2, 3] },
    baselines: { 'unshrunk predictor': { predictions: predictor } },
    resamples,
  };
}

function empty(records: number): Outcomes {
  const cells = records * MODELS.length;
  return {
    records,
    models: MODELS.length,
    score: new Float64Array(cells),
    outputTokens: new Float64Array(cells),
    costUsd: new Float64Array(cells),
  };
}

function emptyPredictions(records: number): Predictions {
  const cells = records * MODELS.length;
  return {
    quality: new Float64Array(cells),
    tokensMean: new Float64Array(cells),
    tokensP90: new Float64Array(cells),
    costMean: new Float64Array(cells),
  };
}
