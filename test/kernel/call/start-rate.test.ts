import { expect, test } from 'vitest';
import { StartRate } from '../../../kernel/call/start-rate.js';

test('the time for so many calls follows from those that have started of late', () => {
  const rate = new StartRate();
  expect(rate.timeFor(5, 0)).toBeUndefined();
  for (let at = 0; at < 10_000; at += 100) rate.started(at);
  expect(rate.timeFor(20, 10_000)).toBeCloseTo(2000, -2);
  expect(rate.timeFor(20, 60_000)).toBeUndefined();
});

test('a burst that has just begun is counted over a second', () => {
  const rate = new StartRate();
  for (let n = 0; n < 20; n++) rate.started(5000 + n);
  expect(rate.timeFor(20, 5100)).toBe(1000);
  expect(rate.timeFor(20, 6600)).toBe(1600);
});

test('what started before the last ten seconds is forgotten', () => {
  const rate = new StartRate();
  for (let n = 0; n < 100; n++) rate.started(n);
  rate.started(15_000);
  expect(rate.timeFor(3, 15_500)).toBe(3000);
});
