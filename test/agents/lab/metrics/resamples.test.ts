import { expect, test } from 'vitest';
import { normal } from '../../../../agents/lab/load/distributions.js';
import { Random } from '../../../../agents/lab/load/random.js';
import type { Weights } from '../../../../agents/lab/metrics/outcomes.js';
import { Resamples } from '../../../../agents/lab/metrics/resamples.js';

const meanBy = (values: readonly number[]) => (weights: Weights) =>
  values.reduce((sum, value, i) => sum + value * (weights[i] as number), 0) / values.length;

test('every resample draws as many records as there are', () => {
  const sums = new Set<number>();
  new Resamples(30, 50).figureOf((weights) => {
    const sum = weights.reduce((total, weight) => total + weight, 0);
    sums.add(sum);
    return sum;
  });
  expect([...sums]).toEqual([30]);
});

test('the figure is that of the data, and repeats exactly with its interval', () => {
  const values = [3, 1, 4, 1, 5, 9, 2, 6];
  const figure = new Resamples(8, 200).figureOf(meanBy(values));
  expect(figure?.mean).toBeCloseTo(31 / 8, 12);
  expect(figure?.low).toBeLessThan(31 / 8);
  expect(figure?.high).toBeGreaterThan(31 / 8);
  expect(new Resamples(8, 200).figureOf(meanBy(values))).toEqual(figure);
});

test('the interval covers the true mean about 95 times of 100', () => {
  const random = new Random('coverage');
  const resamples = new Resamples(60, 300);
  const trials = 300;
  let covered = 0;
  for (let i = 0; i < trials; i++) {
    const figure = resamples.figureOf(meanBy(Array.from({ length: 60 }, () => normal(random))));
    if (figure !== null && (figure.low ?? 0) <= 0 && 0 <= (figure.high ?? 0)) covered++;
  }
  expect(covered / trials).toBeGreaterThan(0.9);
  expect(covered / trials).toBeLessThan(0.98);
});

test('figures of one pass are paired: what is always 1 apart has no interval', () => {
  const values = [3, 1, 4, 1, 5, 9, 2, 6];
  const resamples = new Resamples(8, 100);
  const own = meanBy(values);
  const other = meanBy(values.map((value) => value + 1));
  const difference = resamples.figureOf((weights) => other(weights) - own(weights));
  expect(difference?.low).toBeCloseTo(1, 9);
  expect(difference?.high).toBeCloseTo(1, 9);
});

test('resamples that do not reach a figure count as lowest; without it on the data there is none', () => {
  const resamples = new Resamples(10, 200);
  // The first record is missing from about a third of the resamples.
  const first = (weights: Weights) => ((weights[0] as number) > 0 ? 0.5 + (weights[0] as number) / 100 : null);
  const figure = resamples.figureOf(first);
  expect(figure).toMatchObject({ mean: 0.51, low: null });
  expect(figure?.high).toBeGreaterThan(0.51);
  expect(resamples.figureOf((weights) => (weights[0] === 1 && weights[1] === 1 ? null : 1))).toBeNull();
});

test('the interval of a noisy figure holds it', () => {
  const random = new Random('noise');
  const values = Array.from({ length: 100 }, () => normal(random));
  // Mean distance of groups of ten from 0: resamples are further away, as their noise adds to that of the data.
  const distance = (weights: Weights) => {
    const groups = Array.from({ length: 10 }, (_, g) =>
      Math.abs(values.slice(10 * g, 10 * g + 10).reduce((sum, v, i) => sum + v * (weights[10 * g + i] as number), 0)),
    );
    return groups.reduce((sum, group) => sum + group, 0) / 100;
  };
  const resamples = new Resamples(100, 400);
  const plain = resamples.figureOf(distance);
  const { mean, low, high } = resamples.noisyFigureOf(distance) ?? { mean: 0, low: 0, high: 0 };
  expect(mean).toBe(plain?.mean);
  expect(low).toBeLessThan(mean);
  expect(high).toBeGreaterThan(mean);
  expect((low as number) + (high as number)).toBeLessThan((plain?.low ?? 0) + (plain?.high ?? 0));
  expect(resamples.noisyFigureOf(() => 0)).toEqual({ mean: 0, low: 0, high: 0 });
  expect(resamples.noisyFigureOf(() => null)).toBeNull();
});
