import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { type Split, splitOf } from '../../../agents/lab/records/split.js';
import { OutcomeFiles, readOutcomes } from '../../../kernel/outcomes/file.js';
import { decodeOutcome } from '../../../kernel/outcomes/record.js';
import { outcomeRecord, sharedData } from '../../support/outcomes.js';

const folder = mkdtempSync(join(tmpdir(), 'outcomes-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

async function readAll(path: string) {
  const read = [];
  for await (const entry of readOutcomes(path)) read.push(entry);
  return read;
}

const GOOD = outcomeRecord('Two and two?', { small: [0, 12, 0.001], large: [1, 40, 0.2] });

describe('one line of an outcome file', () => {
  test('becomes a record; members that it does not know are left out', () => {
    const line = JSON.stringify({
      ...GOOD,
      source: 'elsewhere',
      outputs: GOOD.outputs.map((o) => ({ ...o, judge: 'x' })),
    });
    expect(decodeOutcome(line, 'f:1')).toEqual(GOOD);
  });

  const output = GOOD.outputs[0];
  test.each([
    ['is no JSON', '{"id": "a", "score": NaN}', /^f:7: Expected one JSON object a line/],
    ['is a list', '[]', /^f:7: record: .*got a list of 0/],
    [
      'has no prompt',
      JSON.stringify({ ...GOOD, prompt: undefined }),
      /^f:7: record\.prompt: Invalid input: expected string, but it is missing$/,
    ],
    [
      'has a number as prompt',
      JSON.stringify({ ...GOOD, prompt: 7 }),
      /^f:7: record\.prompt: Invalid input: expected string, got 7$/,
    ],
    [
      'has half an input token',
      JSON.stringify({ ...GOOD, input_tokens: 1.5 }),
      /record\.input_tokens: .*int.*got 1\.5/,
    ],
    ['has a score above 1', record({ score: 1.01 }), /record\.outputs\.0\.score: .*<=1.*got 1\.01/],
    ['has a score below 0', record({ score: -0.1 }), /record\.outputs\.0\.score: .*>=0.*got -0\.1/],
    ['has a null score', record({ score: null }), /record\.outputs\.0\.score: .*got null/],
    ['has a negative cost', record({ cost_usd: -1 }), /record\.outputs\.0\.cost_usd: .*>=0.*got -1/],
    ['has negative tokens', record({ output_tokens: -1 }), /record\.outputs\.0\.output_tokens: .*>=0.*got -1/],
    [
      'names a model twice',
      JSON.stringify({ ...GOOD, outputs: [output, output] }),
      /record\.outputs\.1\.model: Expected each model once in a record, got "small"/,
    ],
  ])('that %s is refused by place, field, rule and value', (_, line, message) => {
    expect(() => decodeOutcome(line, 'f:7')).toThrow(message);
  });

  function record(wrong: object): string {
    return JSON.stringify({ ...GOOD, outputs: [{ ...output, ...wrong }] });
  }

  test('is not repeated in the message: it may be a secret prompt', () => {
    const line = JSON.stringify({ ...GOOD, prompt: 7, id: 'canary '.repeat(20) });
    expect(() => decodeOutcome(line, 'f:1')).not.toThrow(/canary/);
  });
});

describe('an outcome file', () => {
  const lines = `${JSON.stringify(GOOD)}\n\n${JSON.stringify({ ...GOOD, prompt: 'Größer?' })}`;

  test.each([
    ['plain', 'a.jsonl', lines],
    ['gzipped', 'a.jsonl.gz', gzipSync(lines)],
  ])('%s is read line by line, empty lines skipped', async (_, name, content) => {
    const read = await readAll(file(name, content));
    expect(read.map(({ record }) => record.prompt)).toEqual(['Two and two?', 'Größer?']);
    expect(read.map(({ at }) => at)).toEqual([`${name}:1`, `${name}:3`]);
  });

  test('with a bad record is refused by file and line', async () => {
    const path = file('bad.jsonl', `${lines}\n{}`);
    await expect(readAll(path)).rejects.toThrow(/^bad\.jsonl:4: record\.id/);
  });

  test('that is absent, or cut short, is refused by name', async () => {
    const cut = file('cut.jsonl.gz', gzipSync(lines).subarray(0, 60));
    await expect(readAll(cut)).rejects.toThrow(/cut\.jsonl\.gz to be a readable outcome file/);
    await expect(readAll('none.jsonl')).rejects.toThrow(/none\.jsonl .*ENOENT/);
  });

  test('is read once for all; a prompt that comes again is reported, and its first record holds', async () => {
    const again = file('again.jsonl', JSON.stringify({ ...GOOD, id: 'other' }));
    const first = file('first.jsonl', lines);
    const files = new OutcomeFiles();
    const table = await files.load([first, again]);
    expect(await files.load([first, again])).toBe(table);
    expect(table.repeated).toEqual(['again.jsonl:1 repeats first.jsonl:1']);
    expect(table.byPrompt.get('Two and two?')).toEqual(GOOD);
    expect(table.byPrompt.size).toBe(2);
  });

  test('may hold the answers to a prompt in lines of their own, also in several files', async () => {
    const [small, large] = GOOD.outputs;
    const one = file('one.jsonl', JSON.stringify({ ...GOOD, outputs: [small] }));
    const other = file('other.jsonl', `${JSON.stringify({ ...GOOD, outputs: [large] })}\n${JSON.stringify(GOOD)}`);
    const { byPrompt, repeated } = await new OutcomeFiles().load([one, other]);
    expect([...byPrompt.values()]).toEqual([GOOD]);
    expect(repeated).toEqual(['other.jsonl:2 repeats one.jsonl:1']);
  });
});

describe('the development data', () => {
  const zeroeval = sharedData('zeroeval.jsonl.gz');
  const mmlupro = sharedData('mmlupro.jsonl.gz');

  test.skipIf(zeroeval === undefined || mmlupro === undefined)(
    'is read whole, and split about 70 / 10 / 20',
    async () => {
      const { byPrompt, repeated } = await new OutcomeFiles().load([mmlupro ?? '', zeroeval ?? '']);
      expect(byPrompt.size).toBe(9_494 + 2_310);
      expect(repeated).toEqual([]);
      const parts = [...byPrompt.keys()].map(splitOf);
      const share = (wanted: Split) => parts.filter((part) => part === wanted).length / parts.length;
      expect(share('train')).toBeCloseTo(0.7, 1);
      expect(share('validation')).toBeCloseTo(0.1, 1);
      expect(share('test')).toBeCloseTo(0.2, 1);
    },
  );
});

test('the split of a prompt is that of its sha1', () => {
  // For example: printf 'split:b' | sha1sum begins with 8 digits that are 98 modulo 100.
  expect(['i', 'k', 'l', 'b'].map(splitOf)).toEqual(['train', 'validation', 'validation', 'test']);
});

describe('a last line that was torn', () => {
  const whole = `${JSON.stringify(GOOD)}\n`;
  const read = async (name: string, content: string) => {
    const torn: string[] = [];
    const records: string[] = [];
    const path = file(name, content);
    for await (const { at } of readOutcomes(path, undefined, (line) => torn.push(line))) records.push(at);
    return { records, torn };
  };

  test('is left out with a warning that names it', async () => {
    for (const length of [1, 10, whole.length - 2]) {
      expect(await read('torn.jsonl', whole + whole.slice(0, length))).toEqual({
        records: ['torn.jsonl:1'],
        torn: ['torn.jsonl:2: the last line is torn and was left out'],
      });
    }
  });

  test('differs from one that is wrong: that has an end, is followed by another, or is JSON', async () => {
    for (const content of [`${whole}{"id`, `${whole}{"id"\n${whole}`, `${whole}{"id":1}`].map((one, i) =>
      i === 0 ? `${one}\n` : one,
    )) {
      await expect(read('wrong.jsonl', content)).rejects.toThrow('wrong.jsonl:2');
    }
    expect(await read('no-end.jsonl', whole.trimEnd())).toEqual({ records: ['no-end.jsonl:1'], torn: [] });
  });
});
