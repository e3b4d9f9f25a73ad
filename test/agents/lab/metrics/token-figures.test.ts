import { expect, test } from 'vitest';
import { type Outcomes, onceEach } from '../../../../agents/lab/metrics/outcomes.js';
import { logTokensR2, p90Coverage } from '../../../../agents/lab/metrics/token-figures.js';

const UNKNOWN = Number.NaN;

function answers(tokens: readonly number[], models = 1): Outcomes {
  const outputTokens = Float64Array.from(tokens);
  return { records: tokens.length / models, models, score: outputTokens, outputTokens, costUsd: outputTokens };
}

const r2 = (outcomes: Outcomes, tokensMean: readonly number[]) =>
  logTokensR2(outcomes, { tokensMean: Float64Array.from(tokensMean) })(onceEach(outcomes.records));

test('R2 is 1 for what is right, and for what is right but for a constant factor', () => {
  const tokens = [9, 99, 999];
  expect(r2(answers(tokens), tokens)).toBeCloseTo(1, 12);
  expect(r2(answers(tokens), [19, 199, 1999])).toBeCloseTo(1, 12);
});

test('R2 is 0 for a mean, and half where half of the variance is explained', () => {
  expect(r2(answers([9, 99, 999]), [50, 50, 50])).toBeCloseTo(0, 12);
  // Logs 0, 1, 2, 3 to base 10, of variance 5/4; misses of +-.5 have variance 1/4.
  const predicted = [0.5, 0.5, 2.5, 2.5].map((log) => 10 ** log - 1);
  expect(r2(answers([0, 9, 99, 999]), predicted)).toBeCloseTo(1 - 0.25 / 1.25, 12);
});

test('R2 is the mean over models; what is not known, and a model of one length only, are left out', () => {
  const outcomes = answers([9, 9, 5, 99, 99, 5, 999, 999, 5, UNKNOWN, 7, 5], 3);
  const predicted = [9, 50, 5, 99, 50, 6, 999, 50, 7, 1, UNKNOWN, 5];
  expect(r2(outcomes, predicted)).toBeCloseTo((1 + 0) / 2, 12);
});

test('coverage counts answers up to and at the quantile', () => {
  const outcomes = answers([10, 20, 30, UNKNOWN, 50]);
  const tokensP90 = Float64Array.of(10, 19, 31, 40, UNKNOWN);
  expect(p90Coverage(outcomes, { tokensP90 })(onceEach(5))).toBeCloseTo(2 / 3, 12);
  expect(p90Coverage(outcomes, { tokensP90 })(Uint16Array.of(1, 3, 0, 1, 1))).toBeCloseTo(1 / 4, 12);
});

test.each([{ tokens: [] }, { tokens: [7] }, { tokens: [UNKNOWN, UNKNOWN] }])('no R2 of $tokens', ({ tokens }) => {
  expect(r2(answers(tokens), tokens)).toBeNull();
});

test('no coverage of nothing', () => {
  expect(p90Coverage(answers([]), { tokensP90: new Float64Array() })(onceEach(0))).toBeNull();
});
