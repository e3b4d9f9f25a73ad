import { expect, test } from 'vitest';
import { exponential, normal } from '../../../../agents/lab/load/distributions.js';
import { Random } from '../../../../agents/lab/load/random.js';
import {
  type Figure,
  figureOf,
  groupedMean,
  jainOf,
  quantilesOf,
  sumOf,
} from '../../../../agents/lab/metrics/statistics.js';

test('a figure repeats exactly and holds its mean', () => {
  const values = [3, 1, 4, 1, 5];
  const figure = figureOf(values);
  expect(figure).toEqual(figureOf(values));
  expect(figure?.mean).toBeCloseTo(2.8);
  expect(figure?.low).toBeLessThan(2.8);
  expect(figure?.high).toBeGreaterThan(2.8);
});

test('one seed has no interval, none and an unknown value have no figure', () => {
  expect(figureOf([2])).toEqual({ mean: 2, low: null, high: null });
  expect(figureOf([])).toBeNull();
  expect(figureOf([1, null, 3])).toBeNull();
});

test.each([
  { seeds: 5, least: 0.9 },
  { seeds: 10, least: 0.92 },
  { seeds: 30, least: 0.93 },
])('the interval over $seeds seeds covers the true mean about 95 times of 100', ({ seeds, least }) => {
  const random = new Random('coverage');
  const trials = 300;
  let covered = 0;
  for (let i = 0; i < trials; i++) {
    const figure = figureOf(Array.from({ length: seeds }, () => 10 + normal(random)));
    if (figure !== null && (figure.low ?? 0) <= 10 && 10 <= (figure.high ?? 0)) covered++;
  }
  expect(covered / trials).toBeGreaterThanOrEqual(least);
  expect(covered / trials).toBeLessThan(0.99);
});

test('quantiles are those of numpy', () => {
  expect(quantilesOf([4, 1, 3, 2], [0, 0.5, 0.9, 1])).toEqual([1, 2.5, 3.7, 4]);
  expect(quantilesOf([], [0.5])).toEqual([null]);
});

test('Jain is 1 when all fare alike and 1/n when one has everything', () => {
  expect(jainOf([2, 2, 2])).toBeCloseTo(1);
  expect(jainOf([5, 0, 0, 0])).toBeCloseTo(0.25);
  expect(jainOf([])).toBeNull();
});

test('sums do not lose small values beside large ones', () => {
  expect(sumOf([1e16, 1, -1e16])).toBe(1);
  const random = new Random(1);
  const values = Array.from({ length: 10_000 }, () => exponential(random, 1e-4));
  expect(sumOf(values)).toBeCloseTo(sumOf(values.toReversed()), 15);
});

test('the interval of a grouped mean is over groups: a repeated value says nothing new', () => {
  const random = new Random('groups');
  let covered = 0;
  for (let trial = 0; trial < 400; trial++) {
    const groups = Array.from({ length: 60 }, () => {
      const isRight = random.next() < 0.7 ? 1 : 0;
      const count = random.int(1, 9);
      return { count, sum: count * isRight };
    });
    const { low, high } = groupedMean(groups) as Figure;
    if ((low as number) <= 0.7 && 0.7 <= (high as number)) covered++;
  }
  expect(covered / 400).toBeGreaterThan(0.91);
  expect(covered / 400).toBeLessThan(0.98);
});

test('a grouped mean of single values has the usual interval, and none of nothing or of one group', () => {
  const single = Array.from({ length: 100 }, (_, i) => ({ count: 1, sum: i < 40 ? 1 : 0 }));
  const { mean, low, high } = groupedMean(single) as Figure;
  expect(mean).toBe(0.4);
  expect(high).toBeCloseTo(0.4 + 1.96 * Math.sqrt((0.4 * 0.6) / 99), 12);
  expect(low).toBeCloseTo(0.8 - (high as number), 12);
  expect(groupedMean([])).toBeNull();
  expect(groupedMean([{ count: 3, sum: 3 }])).toEqual({ mean: 1, low: null, high: null });
});
