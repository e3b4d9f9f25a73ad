import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { readRecordSet } from '../../../../agents/lab/records/labelled-records.js';
import { splitOf } from '../../../../agents/lab/records/split.js';
import type { OutcomeRecord } from '../../../../kernel/outcomes/record.js';
import { outcomeRecord } from '../../../support/outcomes.js';
import { run } from '../compare/small-comparison.js';

const folder = mkdtempSync(join(tmpdir(), 'eccos-data-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, lines: readonly (OutcomeRecord | string)[]): string {
  const path = join(folder, name);
  const texts = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line)));
  writeFileSync(path, texts.map((text) => `${text}\n`).join(''));
  return path;
}

const RIGHT = [1, 20, 0.001] as const;
const PROMPTS = Array.from({ length: 40 }, (_, i) => `Question ${i}?`);
const BOTH = PROMPTS.map((prompt) => outcomeRecord(prompt, { a: RIGHT, b: RIGHT }));

describe('data that cannot be compared on is refused by what is wrong with it', () => {
  const one = PROMPTS.map((prompt, i) => outcomeRecord(prompt, { [i % 2 === 0 ? 'a' : 'b']: RIGHT }));
  const disjoint = [...one, outcomeRecord('Both?', { a: RIGHT, c: RIGHT })];
  const trained = BOTH.filter(({ prompt }) => splitOf(prompt) === 'train');
  test.each([
    ['without a record', [], {}, /^--data: Expected at least one record in .*, got none$/],
    [
      'of one answer a prompt',
      one,
      {},
      /^--data: Expected prompts that all of a, b answered, got 40 .* one model only/,
    ],
    ['of one answer a prompt, all of it', one, { split: 'all' }, /^--data: .* got 40 .* boot --record writes/],
    ['without a record in the part', trained, {}, /^--data: Expected records in the test part, got none .*--all/],
    ['of models without a common prompt', disjoint, { split: 'all' }, /^--models: .* together, got none of 41/],
  ] as const)('%s', async (name, records, changes, message) => {
    await expect(run({ data: [file(`${name}.jsonl`, records)], ...changes })).rejects.toMatchObject({
      code: 'invalid-config',
      message: expect.stringMatching(message),
    });
  });
});

describe('a file with bad lines', () => {
  const data = [file('bad.jsonl', ['{', ...BOTH, '{"id":"x"}'])];

  /** What a comparison that leaves them out writes to stderr. */
  async function warningsOf(work: () => Promise<unknown>): Promise<string> {
    let text = '';
    const spy = vi.spyOn(process.stderr, 'write').mockImplementation((more) => {
      text += more;
      return true;
    });
    await work().finally(() => spy.mockRestore());
    return text;
  }

  test('is refused with the line', async () => {
    await expect(run({ data })).rejects.toThrow(/^--data: bad\.jsonl:1: Expected one JSON object/);
  });

  test('is compared on without them where that is asked for, and they are named', async () => {
    const asked = { data, skipBad: true, seeds: 1, syscalls: 20, rate: 20, split: 'all' } as const;
    const text = await warningsOf(async () => {
      const { report } = await run(asked);
      expect(report.load.records).toBe(BOTH.length);
      for (const policy of report.policies) expect(policy).toMatchObject({ failed: 0, lost: 0, totals: { calls: 20 } });
    });
    expect(text).toMatch(/^left out: bad\.jsonl:1: Expected one JSON object/);
    expect(text).toContain(`left out: 2 of 42 lines of ${data[0]}\n`);
  });

  test('of several files, the first answer of a model to a prompt holds, and the other is named', async () => {
    const other = file('other.jsonl', [
      outcomeRecord(PROMPTS[0] as string, { a: [0, 20, 0.001] }),
      outcomeRecord('New?', { c: RIGHT }),
    ]);
    const text = await warningsOf(async () => {
      const { records } = await readRecordSet([...data, other], true);
      expect(records.map(({ prompt }) => prompt)).toEqual([...PROMPTS, 'New?']);
      expect(records[0]?.outputs.map(({ model, score }) => [model, score])).toEqual([
        ['a', 1],
        ['b', 1],
      ]);
    });
    expect(text).toContain('other.jsonl repeats the prompt of ');
  });
});

test('with and without bad lines left out, answers to one prompt are one record across files', async () => {
  const paths = [
    file('of-a.jsonl', [outcomeRecord('Both?', { a: RIGHT })]),
    file('of-b.jsonl', [outcomeRecord('Both?', { b: RIGHT })]),
  ];
  for (const skipBad of [false, true]) {
    const { records } = await readRecordSet(paths, skipBad);
    expect(records.map(({ outputs }) => outputs.map(({ model }) => model))).toEqual([['a', 'b']]);
  }
});
