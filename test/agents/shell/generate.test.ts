import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { registerGenerate } from '../../../agents/shell/generate.js';
import { decodeOutcome } from '../../../kernel/outcomes/record.js';
import { shellCommand } from '../lab/predictor/shell-command.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'eccos-generate-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function generate(name: string, ...args: readonly string[]): Promise<Buffer> {
  const path = join(folder, name);
  const { stdout, stderr } = await shellCommand(registerGenerate, 'generate', '--out', path, ...args);
  expect([stdout, stderr]).toEqual([`40 records written to ${path}\n`, '']);
  return readFileSync(path);
}

test('the same seed gives the same bytes, another one gives others, and .gz packs them', async () => {
  const first = await generate('first.jsonl', '--queries', '40', '--seed', '3');
  expect(await generate('again.jsonl', '--queries', '40', '--seed', '3')).toEqual(first);
  expect(await generate('other.jsonl', '--queries', '40', '--seed', '4')).not.toEqual(first);
  expect(gunzipSync(await generate('packed.jsonl.gz', '--queries', '40', '--seed', '3'))).toEqual(first);
});

test('every line is a record that every simulated model of the default config answered', async () => {
  const lines = (await generate('lines.jsonl', '--queries', '40')).toString().trim().split('\n');
  const records = lines.map((line, n) => decodeOutcome(line, `line ${n + 1}`));
  expect(new Set(records.map(({ prompt }) => prompt)).size).toBe(40);
  const [{ outputs } = { outputs: [] }] = records;
  expect(outputs.map(({ model }) => model)).toEqual(
    ['tiny', 'small', 'medium', 'large', 'frontier'].map((size) => `simulated-${size}`),
  );
  for (const record of records) {
    expect(record.outputs.map(({ model }) => model)).toEqual(outputs.map(({ model }) => model));
    for (const { score, output_tokens, cost_usd } of record.outputs) {
      expect([0, 1]).toContain(score);
      expect(output_tokens).toBeGreaterThan(0);
      expect(cost_usd).toBeGreaterThan(0);
    }
  }
});

test.each([
  [['--out', '/nowhere/records.jsonl'], '--out: Expected a file that can be written, got "/nowhere/records.jsonl"'],
  [['--out', '.'], '--out: Expected a file that can be written, got "."'],
  [['--out', 'x.jsonl', '--queries', '0'], /--queries.*'0'.*whole number from 1 to 1000000/],
  [['--out', 'x.jsonl', '--seed', '-1'], /--seed.*'-1'.*whole number from 0/],
  [[], /required option '--out <file>'/],
])('refuses %j and names option, rule and value', async (args, message) => {
  await expect(shellCommand(registerGenerate, 'generate', ...args)).rejects.toThrow(message);
});
