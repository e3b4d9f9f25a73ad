import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type CompareReport, compareReport } from '../../../../agents/lab/compare/report.js';
import { registerCompare } from '../../../../agents/shell/compare.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'eccos-compare-'));
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

const OWN_GPUS = 'agents/examples/own-gpus.yaml';
const SMALL = ['--seeds', '1', '--syscalls', '40', '--speed', '1'];

describe('eccos compare', () => {
  test('with --json - writes the report to stdout and nothing else', async () => {
    const report = compareReport.parse(JSON.parse(await eccos(...SMALL, '--json', '-')));
    expect(report.command).toBe('eccos compare --seeds 1 --syscalls 40 --speed 1 --json -');
    expect(report.policies.map(({ name }) => name)).toEqual([
      'fifo:order=cheap-first',
      'fifo:order=expensive-first',
      'round-robin',
      'task-list',
      'eccos',
      'per-call',
    ]);
    expect(report.load).toMatchObject({ speed: 1, speedSource: 'given' });
  });

  test('with --config compares on the simulated cores of a file, such as the example of your own GPUs', async () => {
    const args = [...SMALL, '--policies', 'fifo,round-robin', '--json', '-'];
    const { load, policies } = JSON.parse(await eccos(...args, '--config', OWN_GPUS)) as CompareReport;
    expect(load.cores.map(({ id, cap }) => [id, cap])).toEqual([
      ['h200-1b', 32],
      ['h200-8b', 32],
      ['h200-32b', 32],
    ]);
    expect(policies.map(({ lost, capViolations }) => [lost, capViolations])).toEqual([
      [0, 0],
      [0, 0],
    ]);
    const path = join(folder, 'mixed.yaml');
    writeFileSync(
      path,
      'cores: [{ id: x, kind: recorded, price: { inputPerMTok: 1, outputPerMTok: 1 }, data: y, model: z }]',
    );
    await expect(eccos(...args, '--config', path)).rejects.toThrow(
      '--config: Expected simulated cores only, got x of kind recorded',
    );
  });

  test('plays 10 seeds unless asked otherwise; npm run compare plays 5', async () => {
    const args = ['--syscalls', '5', '--speed', '1', '--policies', 'fifo', '--json', '-'];
    const { seeds } = JSON.parse(await eccos(...args)) as CompareReport;
    expect(seeds).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    const text = readFileSync(new URL('../../../../package.json', import.meta.url), 'utf8');
    expect(JSON.parse(text).scripts.compare).toMatch(/ compare --seeds 5$/);
  });

  test('shows a table, and says where the report is', async () => {
    const path = join(folder, 'out.json');
    const out = await eccos(...SMALL, '--json', path, '--policies', 'round-robin,fifo');
    expect(out).toContain('round-robin');
    expect(out).toMatch(/^cap violations +0 +0$/m);
    expect(out).toContain(`Report: ${path}`);
    const report = JSON.parse(readFileSync(path, 'utf8')) as CompareReport;
    expect(report.paired.map(({ policy, base }) => [policy, base])).toEqual([['fifo', 'round-robin']]);
  });

  test('with --calls writes a line a call, and their sums are the totals', async () => {
    const path = join(folder, 'calls.jsonl');
    const report = JSON.parse(await eccos(...SMALL, '--json', '-', '--calls', path)) as CompareReport;
    const lines = readFileSync(path, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { policy: string; score: number; cost_usd: number });
    for (const { name, totals } of report.policies) {
      const own = lines.filter((line) => line.policy === name);
      expect(own).toHaveLength(totals.calls);
      expect(own.reduce((sum, line) => sum + line.score, 0)).toBeCloseTo(totals.score, 9);
      expect(own.reduce((sum, line) => sum + line.cost_usd, 0)).toBeCloseTo(totals.costUsd, 12);
    }
  });

  test('takes caps from a file', async () => {
    const asked = [...SMALL, '--policies', 'fifo', '--json', '-'];
    const { load } = JSON.parse(await eccos(...asked)) as CompareReport;
    const [first] = load.cores;
    const path = join(folder, 'caps.yaml');
    writeFileSync(path, `${first?.id}: 3\n`);
    const capped = JSON.parse(await eccos(...asked, '--caps', path)) as CompareReport;
    expect(capped.load).toMatchObject({ capsSource: 'file', cores: [{ id: first?.id, cap: 3 }, {}, {}, {}, {}] });
    writeFileSync(path, `${first?.id}: 0\n`);
    await expect(eccos('--caps', path)).rejects.toThrow(/--caps: .*>=1, got 0/);
  });

  test.each([
    [['--seeds', 'many'], /--seeds.*'many'.*whole number from 1 to 1000/],
    [['--alpha', '2'], /--alpha.*'2'.*from 0 to 1/],
    [['--feedback', '-1'], /--feedback.*'-1'.*from 0 to 1/],
    [['--sweep', 'some'], /--sweep.*'some'.*whole number/],
    [['--rate', '0'], /--rate.*'0'.*above 0/],
    [['--load', 'huge'], /--load.*'huge'.*mixed/],
    [['--base', 'oracle'], /--base: Expected one of .*"oracle"/],
    [['--trace', 'times.jsonl'], /--trace: Expected --data/],
    [['--policies', 'fifo,fifo'], /--policies: Expected each policy once/],
    [['--models', '@nowhere'], /--models: Expected a readable file after @, got "nowhere"/],
    [['--json', '/nowhere/out.json'], /--json: Expected a file that can be written/],
  ])('refuses %j and names option, rule and value', async (args, message) => {
    await expect(eccos(...args)).rejects.toThrow(message);
  });
});
