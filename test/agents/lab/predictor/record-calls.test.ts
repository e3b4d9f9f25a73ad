import { describe, expect, test } from 'vitest';
import {
  callOf,
  copyRows,
  coresOf,
  emptyPredictions,
  predictRows,
  teach,
} from '../../../../agents/lab/predictor/record-calls.js';
import type { AnsweredCall, PredictableCall, Predictor } from '../../../../schedulers/eccos/predictor/prediction.js';
import type { CoreInfo } from '../../../../syscalls/cores.js';
import { outcomeRecord } from '../../../support/outcomes.js';

/** Writes down what it is asked and receives; the quality it predicts is the length of the prompt / 100. */
class Notes implements Predictor {
  readonly asked: string[][] = [];
  readonly received: string[] = [];

  async predict(calls: readonly PredictableCall[], cores: readonly CoreInfo[]) {
    const prompts = calls.map(({ params }) => String(params.messages[0]?.content));
    this.asked.push(prompts);
    return prompts.map((prompt) =>
      cores.map((_, place) => ({
        quality: prompt.length / 100,
        tokensMean: place,
        tokensP90: 2 * place,
        costMean: 3 * place,
        source: 'pool' as const,
        nEffective: 0,
        similarity: null,
        ratings: 0,
        reliability: 1,
      })),
    );
  }

  finished({ core, outputTokens, params }: AnsweredCall): void {
    this.received.push(`${params.messages[0]?.content} by ${core}: ${outputTokens} tokens`);
  }

  rated({ core, params }: AnsweredCall, quality: number): void {
    this.received.push(`${params.messages[0]?.content} by ${core}: ${quality}`);
  }

  async close(): Promise<void> {}
}

const RECORDS = Array.from({ length: 130 }, (_, n) =>
  outcomeRecord('x'.repeat(n + 1), { a: [1, 10 + n, 0.00002 + 0.000002 * n], b: [0, 5, 0.0001] }),
);

describe('models of records as cores', () => {
  test('have the prices that explain their bills, and are known by their names', () => {
    const [a, b] = coresOf(RECORDS, ['a', 'b']);
    // 10 input tokens a record, and 2 dollars a million output tokens.
    expect(a).toMatchObject({ id: 'a', profile: 'a', kind: 'recorded' });
    expect(a?.price.outputPerMTok).toBeCloseTo(2, 6);
    expect(a?.price.inputPerMTok).toBeCloseTo(0, 6);
    expect(b?.price.inputPerMTok).toBeCloseTo(0.0001e6 / 15, 5);
  });

  test('need a bill with tokens; those that are not asked for need none', () => {
    const free = outcomeRecord('x', { a: [1, 0, 0], b: [1, 5, 0.001] }, 0);
    expect(coresOf([free], ['b'])).toHaveLength(1);
    const message = 'Expected outcomes of model "a" with tokens to pay for, got none';
    expect(() => coresOf([free], ['b', 'a'])).toThrow(message);
    expect(() => coresOf([], ['a'])).toThrow(message);
  });
});

test('a record is the call that it was, and its data set the task', () => {
  const { params, inputTokens } = callOf(outcomeRecord('why?', {}, 77));
  expect([params, inputTokens]).toEqual([{ messages: [{ role: 'user', content: 'why?' }], task: 'made-up' }, 77]);
});

test('teaching predicts each batch first, then reports tokens and score of the cores that are there', async () => {
  const [notes, counts] = [new Notes(), [] as number[]];
  await teach(notes, RECORDS, coresOf(RECORDS, ['b']), { onBatch: (count) => counts.push(count) });
  expect(notes.asked.map((batch) => batch.length)).toEqual([64, 64, 2]);
  expect(notes.asked.flat()).toEqual(RECORDS.map(({ prompt }) => prompt));
  expect(notes.received.slice(0, 3)).toEqual(['x by b: 5 tokens', 'x by b: 0', 'xx by b: 5 tokens']);
  expect(notes.received).toHaveLength(260);
  expect(counts).toEqual([64, 64, 2]);
});

test('predictions come into the rows and columns that are asked for', async () => {
  const into = emptyPredictions(4 * 2);
  const rows = [3, 1].map((row) => ({ row, record: outcomeRecord('x'.repeat(10 * row), {}) }));
  await predictRows(new Notes(), rows, coresOf(RECORDS, ['a', 'b']), into, { columns: [1] });
  const none = Number.NaN;
  expect([...into.quality]).toEqual([none, none, none, 0.1, none, none, none, 0.3]);
  expect([...into.tokensMean]).toEqual([none, none, none, 1, none, none, none, 1]);
  expect([...into.tokensP90]).toEqual([none, none, none, 2, none, none, none, 2]);
  expect([...into.costMean]).toEqual([none, none, none, 3, none, none, none, 3]);
});

test('rows are copied into their places', () => {
  const [from, into] = [emptyPredictions(4), emptyPredictions(6)];
  from.quality.set([0.1, 0.2, 0.3, 0.4]);
  copyRows(from, [2, 0], into, 2);
  expect([...into.quality]).toEqual([0.3, 0.4, Number.NaN, Number.NaN, 0.1, 0.2]);
});
