import { expect, test } from 'vitest';
import { outOfFold, predictionsOf } from '../../../../schedulers/eccos/evaluation/predictions.js';

const prediction = (value: number) => ({
  quality: value,
  tokensMean: 10 * value,
  tokensP90: 20 * value,
  costMean: value / 10,
});

test('rows of a predictor are laid out record by record', () => {
  const rows = [
    [prediction(1), prediction(2)],
    [prediction(3), prediction(4)],
  ];
  const { quality, tokensMean, tokensP90, costMean } = predictionsOf(rows);
  expect([...quality]).toEqual([1, 2, 3, 4]);
  expect([...tokensMean]).toEqual([10, 20, 30, 40]);
  expect([...tokensP90]).toEqual([20, 40, 60, 80]);
  expect([...costMean]).toEqual([0.1, 0.2, 0.3, 0.4]);
});

test('folds are put back in the order of the records', () => {
  const fold = (records: number[], values: number[]) => ({
    records,
    predictions: predictionsOf(values.map((value) => [prediction(value), prediction(value + 0.5)])),
  });
  const whole = outOfFold([fold([3, 0], [3, 0]), fold([1], [1])], 4, 2);
  expect([...whole.quality]).toEqual([0, 0.5, 1, 1.5, Number.NaN, Number.NaN, 3, 3.5]);
  expect([...whole.costMean].slice(0, 4)).toEqual([0, 0.05, 0.1, 0.15]);
});
