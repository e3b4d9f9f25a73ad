import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeSkipped, modelsOf, readRecords } from '../../../../agents/lab/records/labelled-records.js';
import type { OutcomeRecord } from '../../../../kernel/outcomes/record.js';
import { MODELS, RECORDS, writeRecords } from './made-records.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'eccos-records-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The first record with a change. */
function changed(change: (record: OutcomeRecord) => unknown): string {
  return JSON.stringify(change(RECORDS[0] as OutcomeRecord));
}

const firstOutcome = (change: object) => (record: OutcomeRecord) => ({
  ...record,
  outputs: record.outputs.map((outcome, n) => (n === 0 ? { ...outcome, ...change } : outcome)),
});

describe('a malformed record is reported by line, field and reason', () => {
  test.each([
    ['broken JSON', changed((record) => record).slice(0, 60), 'Expected one JSON object a line'],
    ['NaN', changed((record) => record).replace(/"cost_usd":[^}]+/, '"cost_usd":NaN'), 'which has no NaN'],
    ['no object', '[]', 'record: '],
    ['a missing field', changed(({ input_tokens: _, ...rest }) => rest), 'record.input_tokens: '],
    ['a negative cost', changed(firstOutcome({ cost_usd: -1 })), 'record.outputs.0.cost_usd: .*>=0, got -1'],
    ['a cost that is text', changed(firstOutcome({ cost_usd: '1' })), 'record.outputs.0.cost_usd: .*got "1"'],
    ['half a token', changed(firstOutcome({ output_tokens: 0.5 })), 'record.outputs.0.output_tokens: .*got 0.5'],
    ['a score of 2', changed(firstOutcome({ score: 2 })), 'record.outputs.0.score: .*<=1, got 2'],
    ['an empty prompt', changed((record) => ({ ...record, prompt: '' })), 'record.prompt: '],
    ['no outcome', changed((record) => ({ ...record, outputs: [] })), 'record.outputs: .* at least one model'],
    [
      'a model twice',
      changed(firstOutcome({ model: 'simulated-small' })),
      'record.outputs.1.model: Expected each model once in a record, got "simulated-small"',
    ],
  ])('%s', async (_what, line, message) => {
    const path = writeRecords(folder, 'bad.jsonl', [RECORDS[1] as OutcomeRecord, line, RECORDS[2] as OutcomeRecord]);
    const problem = expect.stringMatching(`^bad\\.jsonl:2: .*${message}`);
    await expect(readRecords(path, { skipBad: false })).rejects.toMatchObject({
      code: 'invalid-config',
      message: problem,
    });
    const file = await readRecords(path, { skipBad: true });
    expect(file.records).toEqual(RECORDS.slice(1, 3));
    expect(file.skipped).toEqual([problem]);
    expect(describeSkipped(file)).toBe(`left out: ${file.skipped[0]}\nleft out: 1 of 3 lines of ${path}\n`);
  });
});

test('of a prompt that comes twice the first record counts, and the other is reported', async () => {
  const [first, second] = RECORDS as [OutcomeRecord, OutcomeRecord];
  const path = writeRecords(folder, 'twice.jsonl', [first, second, { ...second, prompt: first.prompt }]);
  const file = await readRecords(path, { skipBad: false });
  expect(file.records).toEqual([first, second]);
  expect(file.skipped).toEqual(['twice.jsonl:3: repeats a prompt']);
  expect(describeSkipped({ ...file, skipped: [] })).toBe('');
});

test('answers to one prompt in lines of their own are one record, unless a model repeats or the data set differs', async () => {
  const [first, second] = RECORDS as [OutcomeRecord, OutcomeRecord];
  const lineOf = (place: number, more: Partial<OutcomeRecord> = {}) => ({
    ...first,
    outputs: first.outputs.slice(place, place + 1),
    ...more,
  });
  const lines = [lineOf(0), second, lineOf(1, { id: 'other' }), lineOf(2, { dataset: 'else' }), lineOf(1), lineOf(4)];
  const file = await readRecords(writeRecords(folder, 'parts.jsonl', lines), { skipBad: false });
  expect(file.records).toEqual([{ ...first, outputs: [0, 1, 4].map((place) => first.outputs[place]) }, second]);
  expect(file.skipped).toEqual(['parts.jsonl:4: repeats a prompt', 'parts.jsonl:5: repeats a prompt']);
  expect(describeSkipped(file)).toMatch(/left out: 2 of 6 lines of .*parts\.jsonl\n$/);
});

test('the fingerprint is of the bytes of the file', async () => {
  const path = writeRecords(folder, 'packed.jsonl.gz', RECORDS);
  const { fingerprint } = await readRecords(path, { skipBad: false });
  const sha256 = createHash('sha256').update(readFileSync(path)).digest('hex');
  expect(fingerprint).toEqual({ file: 'packed.jsonl.gz', records: RECORDS.length, sha256 });
});

test('a file that is cut is refused whole', async () => {
  const path = writeRecords(folder, 'cut.jsonl.gz', RECORDS);
  writeFileSync(path, readFileSync(path).subarray(0, 2000));
  const message = `Expected ${path} to be a readable outcome file: unexpected end of file`;
  await expect(readRecords(path, { skipBad: true })).rejects.toThrow(message);
});

test('models are those asked for, else all in order of appearance', () => {
  expect(modelsOf(RECORDS, undefined)).toEqual(MODELS);
  expect(modelsOf(RECORDS, ['simulated-large'])).toEqual(['simulated-large']);
  expect(() => modelsOf([], ['simulated-large'])).toThrow('got "simulated-large"');
});
