import { expect, test } from 'vitest';
import { taskMeans } from '../../../../agents/lab/records/task-means.js';
import { outcomeRecord } from '../../../support/outcomes.js';

const RECORDS = [
  { ...outcomeRecord('one', { s: [1, 10, 0.001], l: [1, 10, 0.01] }), dataset: 'code' },
  { ...outcomeRecord('two', { s: [0, 10, 0.003], l: [1, 10, 0.03] }), dataset: 'code' },
  { ...outcomeRecord('three', { s: [1, 10, 0.005] }), dataset: 'chat' },
];

test('means are of a task and a core, else of the core over all tasks', () => {
  const means = taskMeans(
    RECORDS,
    new Map([
      ['small', 's'],
      ['large', 'l'],
    ]),
  );
  expect(means('code', 'small')).toEqual({ quality: 0.5, costUsd: 0.002 });
  expect(means('code', 'large')).toEqual({ quality: 1, costUsd: 0.02 });
  // Nobody rated the large core at chat.
  expect(means('chat', 'large')).toEqual({ quality: 1, costUsd: 0.02 });
  for (const task of ['law', undefined]) expect(means(task, 'small')?.quality).toBeCloseTo(2 / 3, 12);
  expect(means('code', 'other')).toBeUndefined();
});
