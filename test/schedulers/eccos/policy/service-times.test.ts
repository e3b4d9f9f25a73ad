import { expect, test } from 'vitest';
import { lateness } from '../../../../schedulers/eccos/policy/service-times.js';

test('one answer in ten takes longer than its 90 % quantile, and far fewer take three times as long', () => {
  expect(lateness(1000, 1000)).toBeCloseTo(0.1, 3);
  // Half of the answers take longer than exp(-1.2816 x .5) of it, and at thrice of it the normal quantile is 3.48.
  expect(lateness(1000, 1000 * Math.exp(-0.6408))).toBeCloseTo(0.5, 6);
  expect(Math.abs(lateness(1000, 3000) - 2.5e-4)).toBeLessThan(1.4e-4);
});

test('an answer without time left is late, and one about which nothing is known is not', () => {
  expect([lateness(1000, 0), lateness(1000, -5), lateness(0, 10), lateness(Number.NaN, 10)]).toEqual([1, 1, 0, 0]);
});
