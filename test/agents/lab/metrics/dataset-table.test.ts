import { expect, test } from 'vitest';
import { DatasetTable } from '../../../../agents/lab/metrics/dataset-table.js';
import { outcomesFrom } from './made-outcomes.js';

const UNKNOWN = Number.NaN;

test('gives the means of the training records of the same sub-dataset', () => {
  const outcomes = outcomesFrom(
    [
      [1, 0],
      [0, 0],
      [1, 1],
    ],
    [
      [1, 4],
      [3, 4],
      [5, 8],
    ],
  );
  const table = new DatasetTable(outcomes, ['maths', 'maths', 'law']);
  const { quality, costMean, tokensMean, tokensP90 } = table.predict(['law', 'maths']);
  expect([...quality]).toEqual([1, 1, 0.5, 0]);
  expect([...costMean]).toEqual([5, 8, 2, 4]);
  expect([...tokensMean]).toEqual([500, 800, 200, 400]);
  expect([...tokensP90]).toEqual([500, 800, 300, 400]);
});

test('falls back to the mean of the model, and to nothing', () => {
  const outcomes = outcomesFrom([
    [1, UNKNOWN, UNKNOWN],
    [0, 1, UNKNOWN],
  ]);
  const table = new DatasetTable(outcomes, ['maths', 'law']);
  expect([...table.predict(['maths', 'never seen']).quality]).toEqual([1, 1, UNKNOWN, 0.5, 1, UNKNOWN]);
});
