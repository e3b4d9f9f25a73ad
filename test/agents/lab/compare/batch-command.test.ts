import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { registerCompare } from '../../../../agents/shell/compare.js';
import { recordsOf } from './made-field.js';

const folder = mkdtempSync(join(tmpdir(), 'batches-'));
afterAll(() => rmSync(folder, { recursive: true }));

const DATA = join(folder, 'few.jsonl');
writeFileSync(
  DATA,
  recordsOf(Array.from({ length: 12 }, () => ({ a: [1, 0.001], b: [0, 0.002] })))
    .map((record) => `${JSON.stringify(record)}\n`)
    .join(''),
);

const SINGLE = join(folder, 'single.jsonl');
writeFileSync(
  SINGLE,
  recordsOf(Array.from({ length: 12 }, (_, i) => (i % 2 === 0 ? { a: [1, 0.001] } : { b: [0, 0.002] })))
    .map((record) => `${JSON.stringify(record)}\n`)
    .join(''),
);

/** What `eccos compare` says to these words, which it does not get to play. */
async function complaintOf(...words: string[]): Promise<string> {
  const program = new Command().exitOverride().configureOutput({ writeErr: () => {}, writeOut: () => {} });
  registerCompare(program);
  for (const command of program.commands) command.exitOverride().configureOutput({ writeErr: () => {} });
  try {
    await program.parseAsync(['compare', '--json', join(folder, 'report.json'), ...words], { from: 'user' });
    return 'nothing';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

describe('eccos compare --batch', () => {
  test.each([
    ['--cv alone', ['--cv', '5'], '--cv: Expected --batch with it, got --cv 5 alone'],
    ['--replay alone', ['--replay'], '--replay: Expected --batch with it, got --replay alone'],
    ['no --cv', ['--batch', '64', '--data', DATA], '--batch: Expected --cv and --data with it, got --data alone'],
    ['no --data', ['--batch', '64', '--cv'], '--batch: Expected --cv and --data with it, got --cv alone'],
    [
      'a trace',
      ['--batch', 'all', '--cv', '--data', DATA, '--trace', 'x'],
      "option '--batch <n>' cannot be used with option '--trace <file...>'",
    ],
    ['a load in real time', ['--batch', '8', '--cv', '--data', DATA, '--live'], "cannot be used with option '--live'"],
    ['a batch of none', ['--batch', '0'], 'Expected a whole number from 1 to 1000000, or all.'],
    [
      'a model that is not there',
      ['--batch', '8', '--cv', '--data', DATA, '--models', 'c'],
      '--models: Expected models that the data knows (a, b), got "c"',
    ],
    [
      'a core that is not there',
      ['--batch', '8', '--cv', '--data', DATA, '--caps', capsFile('c: 3')],
      '--caps: Expected names of a, b, got "c"',
    ],
    [
      'records of one answer each',
      ['--batch', '8', '--cv', '--data', SINGLE],
      '--data: Expected prompts that all of a, b answered, got 12 that were answered by one model only',
    ],
    [
      'too few records',
      ['--batch', '8', '--cv', '--data', DATA],
      'Expected at least 20 records of the chosen models in the train part of',
    ],
  ])('%s', async (_, words, complaint) => {
    expect(await complaintOf(...words)).toContain(complaint);
  });
});

test('bad lines are an error, or left out where that is asked for', async () => {
  const path = join(folder, 'bad.jsonl');
  writeFileSync(path, `{\n${readFileSync(DATA, 'utf8')}`);
  const words = ['--batch', '8', '--cv', '--data', path];
  expect(await complaintOf(...words)).toMatch(/^--data: bad\.jsonl:1: /);
  expect(await complaintOf(...words, '--skip-bad')).toContain('Expected at least 20 records');
});

test('lines that repeat a prompt are left out, and counted', async () => {
  const path = join(folder, 'repeats.jsonl');
  const [line] = readFileSync(DATA, 'utf8').split('\n');
  writeFileSync(path, `${readFileSync(DATA, 'utf8')}${line}\n${line}\n`);
  let warned = '';
  const spy = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    warned += text;
    return true;
  });
  try {
    await complaintOf('--batch', '8', '--cv', '--data', path);
  } finally {
    spy.mockRestore();
  }
  expect(warned).toContain(`left out: 2 of 14 lines of ${path}\n`);
});

function capsFile(text: string): string {
  const path = join(folder, 'caps.yaml');
  writeFileSync(path, text);
  return path;
}
