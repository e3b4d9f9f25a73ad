import { expect, test } from 'vitest';
import { aimOf, dialOf, parameterOf, rangeOf, sweepOf, withParameter } from '../../../../agents/lab/compare/aim.js';

test.each([
  ['eccos', 'alpha'],
  ['eccos:alpha=0.9', 'alpha'],
  ['subgradient', 'alpha'],
  ['per-call', 'threshold'],
  ['per-call-16nn', 'threshold'],
  ['task-list', 'scale'],
  ['eccos:budgetPerHour=3', undefined],
  ['round-robin:timeSliceMs=100', undefined],
  ['oracle', undefined],
])('the quality that %s aims at is its parameter %s', (spec, aim) => {
  expect(aimOf(spec)).toBe(aim);
});

test('a parameter is put in, or in place of what it was', () => {
  expect(withParameter('eccos', 'alpha', '0.7000')).toBe('eccos:alpha=0.7000');
  expect(withParameter('eccos:alpha=0.2,gamma=1', 'alpha', '0.7000')).toBe('eccos:gamma=1,alpha=0.7000');
  expect(parameterOf('eccos:alpha=0.2,gamma=1', 'gamma')).toBe('1');
  expect(parameterOf('eccos', 'alpha')).toBeUndefined();
});

test('a dial is played by the policies that take its parameter and do not set it', () => {
  const values = (policy: string, list: string[]) =>
    dialOf({ name: policy, policy, coreOrder: 'given' }, { key: 'gamma', values: list }).map(({ name }) => name);
  expect(values('eccos:alpha=0.7', ['0', '0.5'])).toEqual(['eccos:alpha=0.7,gamma=0', 'eccos:alpha=0.7,gamma=0.5']);
  expect(values('eccos:gamma=1', ['0'])).toEqual([]);
  expect(values('fifo', ['0'])).toEqual([]);
  expect(values('eccos', ['0', 'much'])).toEqual([]);
});

test('a sweep goes from the worst to the best single model, or through all thresholds', () => {
  const range = rangeOf(
    new Map([0.4, 0.8, 0.6].map((quality) => [`model-${quality}`, { quality, costUsd: quality }])),
    400,
  );
  const specs = (policy: string, settings: number) =>
    sweepOf({ name: policy, policy, coreOrder: 'expensive-first' }, settings, range).map((one) => one.policy);
  expect(specs('eccos', 3)).toEqual(['eccos:alpha=0.4000', 'eccos:alpha=0.6000', 'eccos:alpha=0.8000']);
  const reached = sweepOf({ name: 'eccos', policy: 'eccos', coreOrder: 'given' }, 4, range, { low: 0.6, high: 0.75 });
  expect(reached.map((one) => one.policy)).toEqual(
    ['0.4000', '0.6500', '0.7000', '0.8000'].map((a) => `eccos:alpha=${a}`),
  );
  expect(specs('per-call:threshold=0.9', 3)).toEqual([
    'per-call:threshold=0.0000',
    'per-call:threshold=0.5000',
    'per-call:threshold=1.0000',
  ]);
  expect(specs('task-list', 5)).toEqual(
    ['0', '0.001000', '0.004472', '0.02000', '1000000'].map((scale) => `task-list:scale=${scale}`),
  );
  expect(specs('task-list', 3)[1]).toBe('task-list:scale=0.004472');
  expect(specs('task-list', 1)).toEqual(['task-list:scale=0']);
  expect(specs('eccos', 0)).toEqual([]);
  expect(specs('fifo', 3)).toEqual([]);
  expect(sweepOf({ name: 'eccos', policy: 'eccos', coreOrder: 'expensive-first' }, 1, range)[0]?.coreOrder).toBe(
    'expensive-first',
  );
});
