import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { CompareReport } from '../../../../../agents/lab/compare/report.js';
import { registerCompare } from '../../../../../agents/shell/compare.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'eccos-page-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function eccos(...args: string[]): Promise<string> {
  let out = '';
  const program = new Command('eccos')
    .exitOverride()
    .configureOutput({ writeOut: (text) => (out += text), writeErr: () => {} });
  registerCompare(program);
  await program.parseAsync(['compare', ...args], { from: 'user' });
  return out;
}

const SMALL = ['--seeds', '2', '--syscalls', '30', '--speed', '1', '--policies', 'fifo,round-robin'];

test('--report writes a page with the figures of the report', async () => {
  const page = join(folder, 'page.html');
  const json = join(folder, 'report.json');
  const out = await eccos(...SMALL, '--report', page, '--json', json);
  expect(out).toContain(`Page: ${page}`);
  const { policies, command } = JSON.parse(readFileSync(json, 'utf8')) as CompareReport;
  const text = readFileSync(page, 'utf8');
  expect(text.replaceAll(/<\/?span>/g, '')).toContain(`<code>${command}</code>`);
  for (const { quality } of policies) expect(text).toContain(`<td>${quality?.mean.toFixed(3)}<small>`);
  expect(text).toContain('Load of the cores under round-robin');
});

test('the same command gives the same bytes, and stdout stays JSON with --json -', async () => {
  const page = join(folder, 'page.html');
  const command = [...SMALL, '--report', page, '--json', '-'];
  const out = await eccos(...command);
  const first = readFileSync(page, 'utf8');
  expect(JSON.parse(out)).toMatchObject({ seeds: [1, 2] });
  await eccos(...command);
  expect(readFileSync(page, 'utf8')).toBe(first);
});

test.each(['/nowhere/page.html', tmpdir()])('refuses to write to %s before any work', async (path) => {
  const json = join(folder, 'report.json');
  await expect(eccos(...SMALL, '--report', path, '--json', json)).rejects.toThrow(
    `--report: Expected a file that can be written, got "${path}"`,
  );
  expect(existsSync(json)).toBe(false);
});
