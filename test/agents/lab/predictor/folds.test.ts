import { describe, expect, test } from 'vitest';
import { foldsOf } from '../../../../agents/lab/predictor/folds.js';
import { seenRecords } from './made-seen.js';

const RECORDS = seenRecords(600);
const prompts = (records: readonly { readonly record: { readonly prompt: string } }[]) =>
  records.map(({ record }) => record.prompt);

describe.each([2, 5, 20])('%i folds', (count) => {
  const folds = foldsOf(RECORDS, count, 1);

  test('each hold records that no other one holds, and all records together', () => {
    expect(folds).toHaveLength(count);
    const rows = folds.flatMap(({ held }) => held.map(({ row }) => row)).sort((a, b) => a - b);
    expect(rows).toEqual([...RECORDS.keys()]);
    for (const { held } of folds) {
      for (const { row, record } of held) expect(record).toBe(RECORDS[row]?.record);
      expect(Math.abs(held.length - 600 / count)).toBeLessThan(5 * Math.sqrt(600 / count));
    }
  });

  test('each learn from all other records, some of which stop the training', () => {
    for (const { train, validation, held } of folds) {
      const all = [...prompts(train), ...prompts(validation), ...prompts(held)];
      expect(all).toHaveLength(600);
      expect(new Set(all).size).toBe(600);
      const share = validation.length / (600 - held.length);
      expect(share).toBeGreaterThan(0.08);
      expect(share).toBeLessThan(0.18);
    }
  });
});

test('equal prompts are in one fold', () => {
  const twins = RECORDS.map(({ record, features }) => ({
    features,
    record: { ...record, id: `twin of ${record.id}` },
  }));
  const twice = [...RECORDS, ...twins];
  for (const { held, train, validation } of foldsOf(twice, 5, 1)) {
    const own = new Set(prompts(held));
    expect(held).toHaveLength(2 * own.size);
    for (const prompt of [...prompts(train), ...prompts(validation)]) expect(own.has(prompt)).toBe(false);
    const stops = new Set(prompts(validation));
    for (const prompt of prompts(train)) expect(stops.has(prompt)).toBe(false);
  }
});

test('the fold of a record does not depend on the others, but on the seed', () => {
  const foldOf = (records: typeof RECORDS, seed: number) =>
    foldsOf(records, 5, seed).findIndex(({ held }) => prompts(held).includes('prompt 7'));
  expect(foldOf(RECORDS.slice(7, 8), 3)).toBe(foldOf(RECORDS, 3));
  expect(new Set(Array.from({ length: 30 }, (_, seed) => foldOf(RECORDS, seed))).size).toBe(5);
});

test('without records there are folds that hold nothing', () => {
  expect(foldsOf([], 3, 1)).toEqual(new Array(3).fill({ train: [], validation: [], held: [] }));
});
