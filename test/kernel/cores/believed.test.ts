import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { believed, type Witnessed } from '../../../kernel/cores/believed.js';
import type { Bill } from '../../../kernel/cores/core.js';
import { costOf } from '../../../syscalls/price.js';

const PRICE = { inputPerMTok: 1, outputPerMTok: 10, perRequest: 0.001 };
const SEEN = { inputTokens: 100, outputTokens: 50, maxTokens: undefined, contextWindow: 1e6, isOpaque: () => false };

function bill(usage: object, more: object = {}): Bill {
  const all = { inputTokens: 100, outputTokens: 50, ...usage };
  return { usage: all, costUsd: costOf(PRICE, all), ...more };
}

function names(given: Bill, seen: Partial<Witnessed> = {}): string[] {
  return believed(given, PRICE, { ...SEEN, ...seen }).doubts.map((doubt) => doubt.slice(0, doubt.indexOf(':')));
}

describe('a bill is believed', () => {
  test('as it is, the same object, where it can be true', () => {
    const given = bill({ cachedInputTokens: 90, reasoningTokens: 50 }, { providerCostUsd: 0.0009 });
    expect(believed(given, PRICE, SEEN)).toEqual({ bill: given, doubts: [] });
    expect(believed(given, PRICE, SEEN).bill).toBe(given);
  });

  test.each([
    ['thoughts that are never shown', bill({ outputTokens: 60_000, reasoningTokens: 59_950 }), {}],
    ['a tokenizer that counts many more', bill({ inputTokens: 800, outputTokens: 400 }), { maxTokens: 60 }],
    ['a system prompt of the provider’s own', bill({ inputTokens: 40_000 }), {}],
    ['a cache that the call names', bill({ inputTokens: 900_000 }), { isOpaque: () => true }],
    ['an answer of nothing', bill({ outputTokens: 0 }), { outputTokens: 0 }],
  ])('with %s', (_, given, seen) => expect(names(given, seen)).toEqual([]));
});

describe('a number that cannot be is replaced by the kernel’s own count', () => {
  const numbers = [-1, -2, -1e6, 1e15, 2 ** 53, 1.5, Number.NaN, Infinity, '7', null, {}];
  test.each(numbers)('%s', (value) => {
    for (const name of ['inputTokens', 'outputTokens']) {
      const { bill: known } = believed(bill({ [name]: value }), PRICE, SEEN);
      expect(known).toMatchObject({ usage: { inputTokens: 100, outputTokens: 50 }, isEstimated: true });
      expect(known.costUsd).toBeCloseTo(0.0016, 12);
    }
    for (const name of ['cachedInputTokens', 'cacheWriteTokens', 'audioInputTokens', 'reasoningTokens']) {
      expect(believed(bill({ [name]: value }), PRICE, SEEN).bill.usage).toEqual({ inputTokens: 100, outputTokens: 50 });
    }
  });

  test.each([
    ['more than was streamed and may be hidden', bill({ outputTokens: 66_100 }), {}],
    ['more than `maxTokens` lets be hidden', bill({ outputTokens: 500 }), { outputTokens: 10, maxTokens: 100 }],
    ['nothing for what was streamed', bill({ outputTokens: 0 }), {}],
    ['nothing for what was sent', bill({ inputTokens: 0 }), {}],
    ['much less than was sent', bill({ inputTokens: 10 }), { inputTokens: 1000 }],
  ])('%s', (_, given, seen) => expect(names(given, seen)).toHaveLength(1));

  test('a part is not more than its total', () => {
    expect(names(bill({ cachedInputTokens: 101, reasoningTokens: 51 }))).toEqual([
      'cachedInputTokens',
      'reasoningTokens',
    ]);
  });

  test('a cost is 0 or more, and the provider’s own one near it', () => {
    expect(names(bill({}, { costUsd: Number.NaN }))).toEqual(['costUsd']);
    expect(names(bill({}, { providerCostUsd: 1e9 }))).toEqual(['providerCostUsd']);
    expect(believed(bill({}, { providerCostUsd: -1 }), PRICE, SEEN).bill).not.toHaveProperty('providerCostUsd');
  });
});

test('whatever a core says, what is charged is finite, whole and within what was sent and streamed', () => {
  const number = fc.oneof(fc.double(), fc.integer(), fc.nat(200_000));
  const usage = fc.record(
    {
      ...{ inputTokens: number, outputTokens: number, cachedInputTokens: number, cacheWriteTokens: number },
      ...{ audioInputTokens: number, reasoningTokens: number, audioOutputTokens: number },
    },
    { requiredKeys: ['inputTokens', 'outputTokens'] },
  );
  const seen = fc.record({ inputTokens: fc.nat(5000), outputTokens: fc.nat(5000), maxTokens: fc.option(fc.nat(9000)) });
  fc.assert(
    fc.property(usage, number, number, seen, (usage, costUsd, providerCostUsd, own) => {
      const witnessed = { ...SEEN, ...own, maxTokens: own.maxTokens ?? undefined };
      const { bill: known } = believed({ usage, costUsd, providerCostUsd }, PRICE, witnessed);
      for (const count of Object.values(known.usage)) expect(Number.isSafeInteger(count) && count >= 0).toBe(true);
      expect(known.usage.inputTokens).toBeLessThanOrEqual(8 * own.inputTokens + 65_536);
      const hidden = Math.min(65_536, own.maxTokens ?? 65_536);
      expect(known.usage.outputTokens).toBeLessThanOrEqual(8 * own.outputTokens + 64 + hidden);
      expect(known.costUsd).toBeGreaterThanOrEqual(0);
      expect(known.costUsd).toBeLessThan(Infinity);
      expect(known.providerCostUsd ?? 0).toBeGreaterThanOrEqual(0);
    }),
    { numRuns: 1000 },
  );
});
