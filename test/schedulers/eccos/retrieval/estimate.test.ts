import { describe, expect, test } from 'vitest';
import { localOutlook, nearestOutlook, publishedEstimate } from '../../../../schedulers/eccos/retrieval/estimate.js';
import { logOfTokens } from '../../../../schedulers/eccos/retrieval/outcome-column.js';

const local = { quality: 0.4, logTokens: 4, logSpread: 0.5 };

describe('the similarity-weighted estimate', () => {
  test('is the example computed by hand', () => {
    // Weights 1 and e^-1; a third of 1 for the local mean.
    const { nearest, nEffective, similarity } = nearestOutlook(
      [
        { score: 1, outputTokens: 100, similarity: 0.9 },
        { score: 0, outputTokens: 10, similarity: 0.7 },
      ],
      local,
    );
    const w = 1 / Math.E;
    const log = (2 * Math.LN10 + w * Math.LN10 + 4) / (2 + w);
    expect(nearest.quality).toBeCloseTo(1.4 / (2 + w), 12);
    expect(nearest.logTokens).toBeCloseTo(log, 12);
    expect(nearest.logSpread ** 2).toBeCloseTo(
      ((2 * Math.LN10 - log) ** 2 + w * (Math.LN10 - log) ** 2 + 0.25) / (2 + w),
      12,
    );
    expect(nEffective).toBeCloseTo((1 + w) ** 2 / (1 + w ** 2), 12);
    expect(similarity).toBe(0.9);
  });

  test('is the local mean where no neighbour is near, and says so', () => {
    expect(nearestOutlook([], local)).toEqual({ nearest: local, nEffective: 0, similarity: null });
  });

  test('depends on how much less similar the others are, not on how similar all are', () => {
    const at = (shift: number) =>
      nearestOutlook(
        [0.5, 0.4, 0.1].map((similarity, n) => ({ score: n / 2, outputTokens: 7 * n, similarity: similarity + shift })),
        local,
      ).nearest;
    expect(at(0.4).quality).toBeCloseTo(at(0).quality, 12);
  });
});

describe('the local mean', () => {
  test('is the plain mean, with a spread that one call does not make zero', () => {
    const { logSpread, ...means } = localOutlook({ count: 30, quality: 0.8, logTokens: 5, squares: 30 });
    expect(means).toEqual({ quality: 0.8, logTokens: 5 });
    expect(logSpread ** 2).toBeCloseTo((30 + 10 * 0.7 ** 2) / 40, 12);
    const one = localOutlook({ count: 1, quality: 1, logTokens: 5, squares: 0 });
    expect(one.logSpread).toBeCloseTo(0.7 * Math.sqrt(10 / 11), 12);
  });
});

test('an answer without tokens counts as one token', () => {
  expect([logOfTokens(0), logOfTokens(1)]).toEqual([0, 0]);
});

test('the published baseline takes plain means, and 0 for a model that it has not seen', () => {
  const outcomes = [
    { score: 1, outputTokens: 10 },
    { score: 0, outputTokens: 40 },
  ];
  expect(publishedEstimate(outcomes)).toEqual({ quality: 0.5, tokens: 25 });
  expect(publishedEstimate([])).toEqual({ quality: 0, tokens: 0 });
});
