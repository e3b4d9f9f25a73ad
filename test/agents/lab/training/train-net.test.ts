import { describe, expect, test } from 'vitest';
import { examplesOf, lengthScalesOf } from '../../../../agents/lab/training/examples.js';
import { forward, type Net } from '../../../../agents/lab/training/net.js';
import { trainNet } from '../../../../agents/lab/training/train-net.js';
import { scaleOf } from '../../../../schedulers/eccos/predictor/heads.js';
import { PLANTED, planted, randomExamples, SMALL, sigmoid } from './made-examples.js';

const TRAIN = planted(900, 1);
const SCALE = scaleOf(TRAIN.features);
const LENGTHS = lengthScalesOf(TRAIN, PLANTED);
const [train, validation] = [TRAIN, planted(250, 2)].map((part) => examplesOf(part, SCALE, LENGTHS)) as [
  ReturnType<typeof examplesOf>,
  ReturnType<typeof examplesOf>,
];

/** Mean log-loss of the scores, as it is written. */
function logLoss(net: Net, { rows, models, features, scores }: typeof train): number {
  const out = forward(net, features, rows);
  let [sum, known] = [0, 0];
  for (let i = 0; i < rows; i++) {
    for (let m = 0; m < models; m++) {
      const [score, p] = [scores[i * models + m] as number, sigmoid(out[i * 2 * models + m] as number)];
      if (Number.isNaN(score)) continue;
      sum -= score * Math.log(p) + (1 - score) * Math.log(1 - p);
      known++;
    }
  }
  return sum / known;
}

describe('early stopping', () => {
  test('gives the weights of the best epoch, not of the last one', () => {
    const epochs: number[] = [];
    // Too fast and without rest: it gets worse after a while.
    const hasty = { ...SMALL, rate: 0.03, inputDropout: 0, hiddenDropout: 0, decay: 0 };
    const best = trainNet(train, validation, hasty, 7, (epoch) => epochs.push(epoch));
    expect(best.epoch).toBeGreaterThan(0);
    expect(epochs).toEqual(Array.from({ length: best.epoch + hasty.patience }, (_, n) => n + 1));
    expect(best.loss).toBeCloseTo(logLoss(best.net, validation), 12);
    const stopped = trainNet(train, validation, { ...hasty, maxEpochs: best.epoch }, 7);
    expect(stopped).toEqual(best);
    const on = trainNet(train, validation, { ...hasty, maxEpochs: best.epoch, patience: 100 }, 7);
    expect(on).toEqual(best);
  });

  test('where nothing beats the means, they are what is given', () => {
    const noise = [
      randomExamples({ rows: 60, inputs: 8, models: 2 }, 1),
      randomExamples({ rows: 60, inputs: 8, models: 2 }, 2),
    ];
    const { epoch, net, loss } = trainNet(
      noise[0] as typeof train,
      noise[1] as typeof train,
      { ...SMALL, rate: 0.5 },
      3,
    );
    expect(epoch).toBe(0);
    expect(loss).toBeCloseTo(logLoss(net, noise[1] as typeof train), 12);
    expect(loss).toBeLessThan(0.8);
  });
});

test('the same seed gives the same weights, another one gives others', () => {
  const few = { ...SMALL, maxEpochs: 3 };
  const first = trainNet(train, validation, few, 5);
  expect(trainNet(train, validation, few, 5)).toEqual(first);
  expect(trainNet(train, validation, few, 6).net.w1).not.toEqual(first.net.w1);
});

test('a model with gaps is learnt about as well as one without', () => {
  const gaps = (values: Float64Array) => values.map((value, at) => (at % 2 === 1 && at % 3 === 0 ? Number.NaN : value));
  const masked = { ...train, scores: gaps(train.scores), lengths: gaps(train.lengths) };
  const { net, loss } = trainNet(masked, validation, SMALL, 5);
  const whole = trainNet(train, validation, SMALL, 5);
  expect(Math.abs(loss - whole.loss)).toBeLessThan(0.05);
  for (const weights of [net.w1, net.b1, net.w2, net.b2]) expect(weights.every(Number.isFinite)).toBe(true);
});

test('inputs are not written to', () => {
  const before = structuredClone([train, validation]);
  trainNet(train, validation, { ...SMALL, maxEpochs: 2 }, 1);
  expect([train, validation]).toEqual(before);
});
