import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connect } from '../../../agents/sdk/client.js';
import { bootShell, eccos, Shell } from './eccos.js';
import { makeConfig } from './made-config.js';

let folder: string;
let fast: Awaited<ReturnType<typeof bootShell>>;
/** Needs two seconds for 200 tokens. */
let slow: Awaited<ReturnType<typeof bootShell>>;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'eccos-run-'));
  const core = { tools: true, responseFormat: true, cap: 8 };
  const long = { decodeSpeed: 100, answerTokens: { median: 200, spread: 0 } };
  [fast, slow] = await Promise.all([
    bootShell(['--config', makeConfig(join(folder, 'fast.yaml'), { core })]),
    bootShell(['--config', makeConfig(join(folder, 'slow.yaml'), { core: long })]),
  ]);
});
afterAll(async () => {
  for (const { shell } of [fast, slow]) {
    shell.signal('SIGKILL');
    await shell.ended();
  }
  rmSync(folder, { recursive: true });
});

const REPORT = 'only \\(.*\\), [\\d.]+ s, \\d+ \\+ \\d+ tokens, [\\d.]+ USD, syscall [\\w-]+';

function run(...args: string[]) {
  return eccos(['run', ...args], { ECCOS_URL: fast.url });
}

test.each([
  'chat',
  'react',
])('%s prints the answer, and on stderr which core gave it, why, and the cost', async (kind) => {
  const { code, stdout, stderr } = await run(kind, 'How many legs has an ant?');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^[^\n]+\n$/);
  expect(stderr).toMatch(new RegExp(`^${kind}: ${REPORT}\n$`));
});

test('map-reduce asks a child per part and prints the last answer alone', async () => {
  const { code, stdout, stderr } = await run('map-reduce', 'Summarise: One. Two. Three. Four.', '--agents', '2');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^[^\n]+\n$/);
  expect(stderr).toMatch(new RegExp(`^(map-reduce: ${REPORT}\n){3}$`));
});

test('--agents has several do the task side by side, and names each answer', async () => {
  const { code, stdout, stderr } = await run('chat', 'Hello', '--agents', '3');
  expect(code).toBe(0);
  expect(stdout.match(/^== chat-\d$/gm)?.toSorted()).toEqual(['== chat-1', '== chat-2', '== chat-3']);
  expect(stderr.match(new RegExp(`^chat-\\d: ${REPORT}$`, 'gm'))).toHaveLength(3);
});

test('react works a sum out with the calculator, and a verifier has the answer checked', async () => {
  const react = await run('react', 'What is 17 * 23?');
  expect(react.stdout).toMatch(/^(17 \* 23 = )?391\.?\n$/);
  expect(react.stderr).toMatch(new RegExp(`^react: ${REPORT}, calls calculator\nreact: ${REPORT}\n$`));
  const verifier = await run('verifier', 'What is 17 * 23?');
  expect(verifier.stdout).toMatch(/^(17 \* 23 = )?391\.?\n$/);
  expect(verifier.stderr).toMatch(new RegExp(`^(verifier: ${REPORT}\n){2}$`));
});

test('--json prints one line an agent, and nothing else', async () => {
  const { stdout, stderr } = await run('react', 'What is 17 * 23?', '--json', '--agents', '2');
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines.map(({ agent }) => agent).toSorted()).toEqual(['react-1', 'react-2']);
  for (const { answer, calls } of lines) {
    expect(answer).toContain('391');
    const each = { core: 'only', reason: expect.any(String), syscallId: expect.any(String) };
    expect(calls).toMatchObject([
      { ...each, finishReason: 'tool-calls' },
      { ...each, text: answer },
    ]);
  }
  expect(stderr).toBe('');
});

test('the answer streams, and a kill in the middle ends the command with 1', async () => {
  const shell = new Shell(['run', 'chat', 'Hello', '--url', slow.url]);
  await shell.wrote('stdout', /\w/);
  const operator = await connect({ url: slow.url, name: 'operator', reconnect: false });
  const { processes } = await operator.ps();
  const pid = processes.find(({ name }) => name === 'chat')?.pid ?? 0;
  await operator.kill(pid);
  await operator.close();
  const { code, stderr } = await shell.ended();
  expect([code, stderr]).toEqual([1, `eccos: Process ${pid} was killed\n`]);
});

test('interrupting the command cancels its syscall in the kernel', async () => {
  const shell = new Shell(['run', 'chat', 'Hello', '--url', slow.url]);
  await shell.wrote('stdout', /\w/);
  const watcher = await connect({ url: slow.url, name: 'watcher', reconnect: false });
  const before = (await watcher.stats()).syscalls.cancelled;
  shell.signal('SIGINT');
  await shell.ended();
  while ((await watcher.stats()).syscalls.cancelled === before);
  await watcher.close();
});

test.each([
  ['an agent that there is not', ['poet', 'x'], 2, /^eccos: .*'poet'.*chat, react, map-reduce/],
  ['no task', ['chat'], 2, /^eccos: missing required argument 'task'$/],
  ['a folder that is not there', ['react', 'x', '--folder', '/nowhere'], 1, /^eccos: folder: .*"\/nowhere"$/],
])('%s is one line', async (_, args, code, message) => {
  const ended = await run(...args);
  expect(ended.stderr.trimEnd()).toMatch(message);
  expect([ended.code, ended.stdout]).toEqual([code, '']);
});
