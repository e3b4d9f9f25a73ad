import { expect, test } from 'vitest';
import { answeredByAll, outcomesOf } from '../../../../agents/lab/metrics/outcomes.js';
import { outcomeRecord } from '../../../support/outcomes.js';

test('records become rows and models columns; who did not answer is unknown, who is not asked for is left out', () => {
  const records = [
    outcomeRecord('one', { small: [0, 10, 0.1], large: [1, 20, 0.2], other: [1, 1, 1] }),
    outcomeRecord('two', { large: [0.5, 30, 0.3] }),
  ];
  const outcomes = outcomesOf(records, ['large', 'small']);
  expect(outcomes).toMatchObject({ records: 2, models: 2 });
  expect([...outcomes.score]).toEqual([1, 0, 0.5, Number.NaN]);
  expect([...outcomes.outputTokens]).toEqual([20, 10, 30, Number.NaN]);
  expect([...outcomes.costUsd]).toEqual([0.2, 0.1, 0.3, Number.NaN]);
  expect([...answeredByAll(outcomes)]).toEqual([0]);
});
