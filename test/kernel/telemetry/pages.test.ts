import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { testKernel } from '../../support/kernel.js';
import { ScriptedCore } from '../../support/scripted-core.js';
import { exposed } from './scrape.js';

const FOLDER = resolve(import.meta.dirname, '../../../kernel/telemetry');
const read = (file: string) => readFileSync(join(FOLDER, file), 'utf8');
const NO_PROMTOOL = 'promtool is not installed (Debian: prometheus)';
const hasPromtool = spawnSync('promtool', ['--version']).error === undefined;

interface Dashboard {
  readonly panels: readonly {
    readonly id: number;
    readonly title: string;
    readonly targets: readonly { readonly expr: string }[];
  }[];
}
const dashboard = JSON.parse(read('grafana-dashboard.json')) as Dashboard;
const queries = dashboard.panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ title, expr })));

/** Names of all metrics that a kernel has, those of the lines of histograms too. */
async function names(): Promise<ReadonlySet<string>> {
  const text = await exposed(testKernel([new ScriptedCore('a')]).kernel)();
  const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)];
  return new Set(
    types.flatMap(([, name = '', type]) =>
      type === 'histogram' ? ['_bucket', '_sum', '_count'].map((end) => name + end) : [name],
    ),
  );
}

test('every panel of the Grafana dashboard asks for metrics that there are', async () => {
  const known = await names();
  const asked = queries.map(
    ({ title, expr }) => [title, [...expr.matchAll(/([a-z][a-z0-9_]+)\{job/g)].map(([, name = '']) => name)] as const,
  );
  for (const [title, found] of asked) {
    expect([title, found.length > 0]).toEqual([title, true]);
    for (const name of found) expect(known, title).toContain(name);
  }
  expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
});

test('its queries are PromQL, and the scrape config is one', ({ skip }) => {
  if (!hasPromtool) skip(NO_PROMTOOL);
  const folder = mkdtempSync(join(tmpdir(), 'eccos-promtool-'));
  const rules = queries.map(({ expr }, n) => {
    return { record: `query:${n}`, expr: expr.replaceAll('$__rate_interval', '1m').replaceAll('$job', 'eccos') };
  });
  const file = join(folder, 'rules.yml');
  writeFileSync(file, JSON.stringify({ groups: [{ name: 'dashboard', rules }] }));
  const check = (...args: string[]) => spawnSync('promtool', ['check', ...args], { encoding: 'utf8' });
  expect(check('rules', file)).toMatchObject({ status: 0 });
  expect(check('config', join(FOLDER, 'prometheus.yml'))).toMatchObject({ status: 0 });
  rmSync(folder, { recursive: true });
});

test('the page names every metric', async () => {
  const page = read('README.md');
  const own = [...(await names())].filter((name) => /^(eccos|gen_ai)_/.test(name));
  const missing = own
    .map((name) => name.replace(/_(bucket|sum|count)$/, ''))
    .filter((name) => !page.includes(name) && !page.includes(`_${name.split('_').slice(2).join('_')}`));
  expect(missing).toEqual([]);
});
