import fc from 'fast-check';
import { expect, test } from 'vitest';
import { brierScore, calibrationError, reliability } from '../../../../agents/lab/metrics/calibration.js';
import { onceEach } from '../../../../agents/lab/metrics/outcomes.js';
import { outcomesFrom, predictionsFrom, repeated, tables } from './made-outcomes.js';

const column = (values: readonly number[]) => values.map((value) => [value]);
const UNKNOWN = Number.NaN;

test('ten bins of equal count, from low to high predictions', () => {
  const quality = Array.from({ length: 20 }, (_, i) => (19 - i) / 20);
  const score = quality.map((value) => (value >= 0.5 ? 1 : 0));
  const bins = reliability(outcomesFrom(column(score)), predictionsFrom(column(quality)))(onceEach(20));
  expect(bins.map(({ count }) => count)).toEqual(new Array(10).fill(2));
  bins.forEach((bin, i) => {
    expect(bin.predicted).toBeCloseTo((2 * i + 0.5) / 20, 12);
    expect(bin.observed).toBe(i >= 5 ? 1 : 0);
  });
});

test('the error is the mean distance over bins, and over models', () => {
  // Ten records, so that each is a bin: distances of .3 and .1 at half of them each; the second model misses none.
  const quality = Array.from({ length: 10 }, (_, i) => [i < 5 ? 0.3 + i / 1e6 : 0.9 + i / 1e6, i < 5 ? 0 : 1]);
  const score = quality.map((_, i) => [i < 5 ? 0 : 1, i < 5 ? 0 : 1]);
  expect(calibrationError(outcomesFrom(score), predictionsFrom(quality))(onceEach(10))).toBeCloseTo(0.2 / 2, 5);
});

test('equal predictions are alike, in whatever order their records come', () => {
  const scores = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1];
  const quality = scores.map(() => 0.5);
  expect(calibrationError(outcomesFrom(column(scores)), predictionsFrom(column(quality)))(onceEach(20))).toBe(0);
});

test('Brier is the mean squared distance over what is known', () => {
  const outcomes = outcomesFrom([
    [1, 0],
    [UNKNOWN, 0.5],
    [0, 1],
  ]);
  const predictions = predictionsFrom([
    [0.8, 0.5],
    [0.1, 0.5],
    [UNKNOWN, 0.4],
  ]);
  expect(brierScore(outcomes, predictions)(onceEach(3))).toBeCloseTo((0.04 + 0.25 + 0 + 0.36) / 4, 12);
});

test.each([{ score: [] }, { score: [UNKNOWN, UNKNOWN] }])('nothing known, no value: $score', ({ score }) => {
  const outcomes = outcomesFrom(column(score));
  const predictions = predictionsFrom(column(score.map(() => 0.5)));
  const weights = onceEach(score.length);
  expect(calibrationError(outcomes, predictions)(weights)).toBeNull();
  expect(brierScore(outcomes, predictions)(weights)).toBeNull();
  expect(reliability(outcomes, predictions)(weights)).toEqual([]);
});

test('one record has a calibration error: its distance', () => {
  expect(calibrationError(outcomesFrom([[1]]), predictionsFrom([[0.7]]))(onceEach(1))).toBeCloseTo(0.3, 12);
});

test('weights are repetitions', () => {
  fc.assert(
    fc.property(tables({ gaps: true }), ({ score, quality, weights }) => {
      const outcomes = outcomesFrom(score);
      const predictions = predictionsFrom(quality);
      const more = repeated(outcomes, outcomes.models, weights);
      const said = repeated(predictions, outcomes.models, weights);
      for (const statistic of [calibrationError, brierScore]) {
        const weighted = statistic(outcomes, predictions)(weights);
        const expected = statistic(more, said)(onceEach(more.records));
        if (expected === null) expect(weighted).toBeNull();
        else expect(weighted).toBeCloseTo(expected, 9);
      }
    }),
  );
});

test('bins hold all pairs, and their means are those of all pairs', () => {
  fc.assert(
    fc.property(tables({ gaps: true }), ({ score, quality }) => {
      const outcomes = outcomesFrom(score);
      const bins = reliability(outcomes, predictionsFrom(quality))(onceEach(outcomes.records));
      const known = outcomes.score.filter((value) => !Number.isNaN(value));
      const sum = (of: (bin: (typeof bins)[number]) => number) => bins.reduce((total, bin) => total + of(bin), 0);
      expect(sum(({ count }) => count)).toBeCloseTo(known.length, 9);
      expect(sum(({ count, observed }) => count * observed)).toBeCloseTo(
        known.reduce((total, value) => total + value, 0),
        9,
      );
    }),
  );
});
