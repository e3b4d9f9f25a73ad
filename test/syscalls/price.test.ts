import { describe, expect, test } from 'vitest';
import { costOf, type Price, price } from '../../syscalls/price.js';

const PLAIN: Price = { inputPerMTok: 1, outputPerMTok: 10 };
const cost = (more: Partial<Price>, usage: Parameters<typeof costOf>[1]) => costOf({ ...PLAIN, ...more }, usage) * 1e6;

describe('what tokens cost', () => {
  test.each<[string, Partial<Price>, Parameters<typeof costOf>[1], number]>([
    ['input and output', {}, { inputTokens: 100, outputTokens: 20 }, 300],
    ['cached input without a price of its own', {}, { inputTokens: 100, outputTokens: 0, cachedInputTokens: 90 }, 100],
    [
      'cached input',
      { cachedInputPerMTok: 0.1 },
      { inputTokens: 1500, outputTokens: 200, cachedInputTokens: 1400 },
      2240,
    ],
    ['a free cache', { cachedInputPerMTok: 0 }, { inputTokens: 100, outputTokens: 0, cachedInputTokens: 100 }, 0],
    [
      'writing to the cache',
      { cacheWritePerMTok: 1.25 },
      { inputTokens: 100, outputTokens: 0, cacheWriteTokens: 80 },
      120,
    ],
    ['thoughts', { reasoningPerMTok: 3 }, { inputTokens: 0, outputTokens: 100, reasoningTokens: 70 }, 510],
    [
      'audio',
      { audioInputPerMTok: 40, audioOutputPerMTok: 80 },
      { inputTokens: 10, outputTokens: 10, audioInputTokens: 5, audioOutputTokens: 5 },
      5 + 200 + 50 + 400,
    ],
    ['a request', { perRequest: 0.01 }, { inputTokens: 100, outputTokens: 20 }, 10_300],
    [
      'cached audio, which is in both parts',
      { cachedInputPerMTok: 0.1 },
      { inputTokens: 10, outputTokens: 0, cachedInputTokens: 8, audioInputTokens: 8 },
      0.8 + 8,
    ],
  ])('%s', (_, more, usage, expected) => {
    expect(cost(more, usage)).toBeCloseTo(expected, 9);
  });

  test('by tiers of the input, for all tokens of a request', () => {
    const tiers = [
      { aboveInputTokens: 500_000, inputPerMTok: 4 },
      { aboveInputTokens: 200_000, inputPerMTok: 2, outputPerMTok: 15, cachedInputPerMTok: 0.2 },
    ];
    const of = (inputTokens: number) =>
      cost({ tiers, cachedInputPerMTok: 0.1 }, { inputTokens, outputTokens: 10, cachedInputTokens: 1000 });
    expect(of(200_000)).toBeCloseTo(199_000 + 100 + 100, 6);
    expect(of(200_001)).toBeCloseTo(199_001 * 2 + 200 + 150, 6);
    // What the second tier leaves out stays as in the first.
    expect(of(600_000)).toBeCloseTo(599_000 * 4 + 200 + 150, 6);
  });

  test('never a price below 0 or of an unknown name', () => {
    expect(price.safeParse({ ...PLAIN, cachedInputPerMTok: -1 }).success).toBe(false);
    expect(price.safeParse({ ...PLAIN, cachePerMTok: 1 }).success).toBe(false);
    expect(price.safeParse({ ...PLAIN, tiers: [] }).success).toBe(false);
  });
});
