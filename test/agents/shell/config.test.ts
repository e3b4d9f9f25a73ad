import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { registerConfig } from '../../../agents/shell/config.js';
import { registerProtocol } from '../../../agents/shell/protocol.js';
import { defaultConfig, loadConfig } from '../../../kernel/boot.js';
import { describeProtocol } from '../../../syscalls/describe.js';
import { shellCommand } from '../lab/predictor/shell-command.js';
import { eccos, Shell } from './eccos.js';

const SHOWN = stringify(defaultConfig());
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'eccos-config-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

test('config show prints a config that boot takes, with every default', async () => {
  const { code, stdout, stderr } = await eccos(['config', 'show']);
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toBe(SHOWN);
  expect(await loadConfig(write('shown.yaml', stdout))).toEqual(defaultConfig());
});

test('config show hides what may be a secret', async () => {
  const cores = [
    {
      ...{
        kind: 'provider',
        id: 'a',
        model: 'm',
        baseUrl: 'https://llm.test/v1',
        price: { inputPerMTok: 1, outputPerMTok: 2 },
      },
      ...{ headers: { 'x-key': 'canary-1' }, query: { key: 'canary-2' }, proxy: 'http://me:canary@3@proxy.test:1' },
    },
  ];
  const { code, stdout } = await eccos(['config', 'show', write('secrets.yaml', stringify({ cores }))]);
  expect(code).toBe(0);
  expect(stdout).not.toMatch(/canary|me:/);
  expect(stdout).toMatch(/x-key: \(not shown\)/);
  expect(stdout).toMatch(/proxy: http:\/\/\(not shown\)@proxy\.test:1/);
});

test('config check lists every fault: field, rule, value', async () => {
  const file = write('faulty.yaml', 'seed: -1\ncolor: red\nlimits: { maxAgents: 0 }\ncores: []\n');
  const { code, stdout, stderr } = await eccos(['config', 'check', file]);
  expect([code, stdout]).toEqual([1, '']);
  const lines = stderr.trimEnd().split('\n');
  expect(lines).toHaveLength(4);
  for (const field of [' seed: ', ' limits.maxAgents: ', ' cores: ', '"color"']) {
    expect(
      lines.some((line) => line.startsWith('eccos: ') && line.includes(field)),
      field,
    ).toBe(true);
  }
  expect(stderr).toMatch(/ seed: .*got -1/);
});

test.each([
  ['an unknown policy', 'policy: best', /policy: Expected one of the policies .*got "best"$/],
  ['what is no YAML', 'cores: [', /^eccos: .*\.yaml: /],
])('config check finds %s', async (name, text, message) => {
  const rest = SHOWN.replace(/^policy: .*\n/, '');
  const { stderr } = await shellCommand(registerConfig, 'config', 'check', write(`${name}.yaml`, `${text}\n${rest}`));
  expect(process.exitCode).toBe(1);
  process.exitCode = undefined;
  expect(stderr.trimEnd()).toMatch(message);
});

test('config check says what is valid', async () => {
  const file = write('valid.yaml', SHOWN);
  expect(await shellCommand(registerConfig, 'config', 'check', file)).toEqual({
    stdout: `${file}: valid, 5 cores, policy fifo\n`,
    stderr: '',
  });
  expect(process.exitCode).toBeUndefined();
});

test('config schema and protocol print what editors and generators read', async () => {
  const schema = await shellCommand(registerConfig, 'config', 'schema');
  const protocol = await shellCommand(registerProtocol, 'protocol');
  expect(JSON.parse(schema.stdout)).toMatchObject({ type: 'object', required: ['cores'] });
  expect(JSON.parse(protocol.stdout)).toEqual(describeProtocol());
});

test('a reader that goes away ends the command quietly', async () => {
  const shell = new Shell(['protocol']);
  shell.child.stdout?.destroy();
  const { code, stderr } = await shell.ended();
  expect([code, stderr]).toEqual([0, '']);
});

test('a usage error ends with 2, help with 0', async () => {
  const [unknown, nothing, help] = await Promise.all([eccos(['bogus']), eccos([]), eccos(['--help'])]);
  expect([unknown.code, unknown.stderr]).toEqual([2, "eccos: unknown command 'bogus'\n"]);
  expect(nothing.code).toBe(2);
  expect([help.code, help.stderr]).toEqual([0, '']);
});
