import { expect, test } from 'vitest';
import { type TaskMeans, taskList } from '../../../schedulers/baselines/task-list.js';
import { coreOf, pendingCall } from '../../support/scheduling.js';

const CORES = ['unknown', 'small', 'large'];

/** The large core is better at code, and ten times as expensive. */
const means: TaskMeans = (task, core) => {
  if (core === 'unknown') return undefined;
  if (core === 'large') return { quality: task === 'code' ? 0.9 : 0.6, costUsd: 0.01 };
  return { quality: 0.5, costUsd: 0.001 };
};

/** Which core each of the calls gets, in order; undefined: it waits. */
function decide(scale: number, tasks: readonly (string | undefined)[], free = [1, 9, 9], eligible = CORES) {
  const cores = CORES.map((id, j) => coreOf(id, { free: free[j] as number, price: 1 }));
  const pending = tasks.map((task, seq) =>
    pendingCall(seq, { eligible, params: { messages: [], ...(task !== undefined && { task }) } }),
  );
  const placed = new Map(
    taskList(means, scale)
      .schedule({ now: 0, pending, cores })
      .map((one) => [one.syscallId, one]),
  );
  return pending.map(({ id }) => placed.get(id)?.core);
}

test('each task has its own list, by what a right answer is worth', () => {
  // .4 more right answers for .009 dollars are worth it from .0225 on, .1 more from .09 on.
  expect(decide(0.03, ['code', 'chat', undefined])).toEqual(['large', 'small', 'small']);
  expect(decide(0.1, ['code', 'chat', undefined])).toEqual(['large', 'large', 'large']);
  expect(decide(0, ['code', 'chat'])).toEqual(['small', 'small']);
  expect(decide(1_000_000, ['chat'])).toEqual(['large']);
});

test('a call takes the first core of its list that is free, the oldest call first', () => {
  expect(decide(0, ['code', 'code', 'code', 'code'], [1, 1, 1])).toEqual(['small', 'large', 'unknown', undefined]);
  expect(decide(0, ['code'], [1, 1, 1], ['large'])).toEqual(['large']);
});
