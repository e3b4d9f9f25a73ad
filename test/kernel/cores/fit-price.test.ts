import { describe, expect, test } from 'vitest';
import { fitPrice, fitPrices } from '../../../kernel/cores/fit-price.js';
import { readOutcomes } from '../../../kernel/outcomes/file.js';
import type { OutcomeRecord } from '../../../kernel/outcomes/record.js';
import { sharedData } from '../../support/outcomes.js';

const billed = (inputTokens: number, outputTokens: number, input: number, output: number) => ({
  inputTokens,
  outputTokens,
  costUsd: (inputTokens * input + outputTokens * output) / 1e6,
});

describe('the price fitted to bills', () => {
  test('is the price that they were made with', () => {
    const calls = [billed(100, 20, 2.5, 10), billed(30, 200, 2.5, 10), billed(1000, 1, 2.5, 10)];
    expect(fitPrice(calls)).toEqual({ inputPerMTok: 2.5, outputPerMTok: 10 });
  });

  test('is one for both where input and output grow together', () => {
    expect(fitPrice([billed(100, 50, 1, 4), billed(200, 100, 1, 4)])).toEqual({ inputPerMTok: 2, outputPerMTok: 2 });
    expect(fitPrice([billed(100, 0, 3, 9)])).toEqual({ inputPerMTok: 3, outputPerMTok: 3 });
  });

  test('is never below 0', () => {
    const calls = [
      { inputTokens: 1000, outputTokens: 10, costUsd: 0 },
      { inputTokens: 10, outputTokens: 100, costUsd: 0.001 },
    ];
    const { inputPerMTok, outputPerMTok } = fitPrice(calls);
    expect(inputPerMTok).toBe(0);
    expect(outputPerMTok).toBeGreaterThan(9);
  });

  test('needs tokens to fit to', () => {
    expect(() => fitPrice([])).toThrow(RangeError);
    expect(() => fitPrice([billed(0, 0, 1, 1)])).toThrow(RangeError);
  });

  const zeroeval = sharedData('zeroeval.jsonl.gz');
  test.skipIf(zeroeval === undefined)('explains every bill of the development data', async () => {
    const records: OutcomeRecord[] = [];
    for await (const { record } of readOutcomes(zeroeval ?? '')) records.push(record);
    const prices = fitPrices(records);
    expect(prices.size).toBe(21);
    expect(prices.get('claude-3-opus-20240229')).toEqual({ inputPerMTok: 15, outputPerMTok: 75 });
    const errors = records.flatMap(({ input_tokens, outputs }) =>
      outputs.map(({ model, output_tokens, cost_usd }) => {
        const { inputPerMTok = 0, outputPerMTok = 0 } = prices.get(model) ?? {};
        return Math.abs((input_tokens * inputPerMTok + output_tokens * outputPerMTok) / 1e6 - cost_usd);
      }),
    );
    expect(Math.max(...errors)).toBeLessThan(1e-12);
  });
});
