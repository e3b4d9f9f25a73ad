import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { readTrace } from '../../../../agents/lab/load/trace-file.js';

const folder = mkdtempSync(join(tmpdir(), 'eccos-trace-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, name.endsWith('.gz') ? gzipSync(text) : text);
  return path;
}

test('times are milliseconds from the first arrival, plain or gzip, up to the limit', async () => {
  const text = '{"t":2.5,"input_tokens":3}\n{"t":4}\n\n{"t":3}\n';
  expect(await readTrace(file('a.jsonl', text))).toEqual([0, 500, 1500]);
  expect(await readTrace(file('a.jsonl.gz', text), 2)).toEqual([0, 1500]);
});

test.each([
  { name: 'no object', text: '{"t":1}\nfast\n', message: /line 2: Expected a JSON object/ },
  { name: 'no time', text: '{"at":1}\n', message: /line 1\.t: .*but it is missing/ },
  { name: 'negative time', text: '{"t":-1}\n', message: /line 1\.t: .*got -1/ },
  { name: 'empty', text: '\n', message: /Expected at least one arrival, got none/ },
])('$name is refused by line', async ({ name, text, message }) => {
  await expect(readTrace(file(`${name}.jsonl`, text))).rejects.toThrow(message);
});

test('a file that is not there is refused by name', async () => {
  await expect(readTrace('/no/such/trace')).rejects.toThrow('--trace: Expected a readable file, got "/no/such/trace"');
});
