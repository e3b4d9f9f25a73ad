import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Client, connect } from '../../../agents/sdk/client.js';
import { bootShell, eccos, Shell } from './eccos.js';
import { makeConfig } from './made-config.js';

const OPERATOR = 'token of the operator';
const GUEST = 'token of a guest';

/** A kernel whose one core never answers, and a guest that waits for it with two calls. */
let folder: string;
let kernel: Awaited<ReturnType<typeof bootShell>>;
let guest: Client;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'eccos-commands-'));
  const sha256 = (token: string) => createHash('sha256').update(token).digest('hex');
  const tokens = [
    { name: 'ops', sha256: sha256(OPERATOR), operator: true },
    { name: 'guest', sha256: sha256(GUEST) },
  ];
  kernel = await bootShell([
    '--config',
    makeConfig(join(folder, 'slow.yaml'), { seconds: 3600, more: { auth: { tokens } } }),
  ]);
  guest = await connect({ url: kernel.url, token: GUEST, name: 'patient \x1b[2J guest', reconnect: false });
  for (const content of ['one', 'two']) guest.chat({ messages: [{ role: 'user', content }] }).catch(() => {});
  while ((await guest.stats()).syscalls.running === 0);
});
afterAll(async () => {
  await guest.close();
  kernel.shell.signal('SIGKILL');
  await kernel.shell.ended();
  rmSync(folder, { recursive: true });
});

/** Runs a command with the operator's token. */
function operator(...args: string[]) {
  return eccos(args, { ECCOS_URL: kernel.url, ECCOS_TOKEN: OPERATOR });
}

describe('the operator', () => {
  test('ps lists processes and open syscalls, and a name cannot drive the terminal', async () => {
    const { code, stdout, stderr } = await operator('ps');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(
      new RegExp(`^ *${guest.pid} +patient \u{FFFD}\\[2J guest +guest +[-\\dT:]+ +1 +1 +0 +0\\.00$`, 'mu'),
    );
    expect(stdout).toMatch(new RegExp(`^\\S+ +${guest.pid} +running +only +[\\d.]+ +0 +first free`, 'm'));
    expect(stdout).toMatch(new RegExp(`^\\S+ +${guest.pid} +waiting `, 'm'));
  });

  test('top --once prints one frame: counts, cores, processes, syscalls', async () => {
    const { code, stdout } = await operator('top', '--once');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^fifo, up [\d.]+ s, \d+ connected, 0\.00 USD\n1 pending, 1 running, 0 done/);
    expect(stdout).toMatch(/^only +simulated +up +1 +1 /m);
    expect(stdout).toContain('patient');
    expect(stdout).toMatch(/ running +only /);
    expect(stdout).not.toContain('\x1b');
  });

  test('top goes on until it is interrupted, and ends well', async () => {
    const top = new Shell(['top', '--interval', '100', '--url', kernel.url], { ECCOS_TOKEN: OPERATOR });
    await top.wrote('stdout', /^fifo,[\s\S]*^fifo,/m);
    top.signal('SIGINT');
    expect((await top.ended()).code).toBe(0);
  });

  test('cores and stats print a table each', async () => {
    const [cores, stats] = await Promise.all([operator('cores'), operator('stats')]);
    expect(cores.stdout).toMatch(/^CORE +KIND +STATE +RUNNING +CAP/);
    expect(cores.stdout).toMatch(/^only +simulated +up +1 +1 +0 +1 +2 +128000 +- +- +resume$/m);
    expect(stats.stdout).toMatch(/^policy +fifo$/m);
    expect(stats.stdout).toMatch(/^syscalls running +1$/m);
  });

  test('kill ends a process, which then is not listed any more', async () => {
    const victim = await connect({ url: kernel.url, token: GUEST, name: 'victim', reconnect: false });
    expect(await operator('kill', String(victim.pid))).toEqual({
      code: 0,
      stdout: `killed ${victim.pid}\n`,
      stderr: '',
    });
    expect((await operator('ps')).stdout).not.toContain('victim');
    const again = await operator('kill', String(victim.pid));
    expect([again.code, again.stdout]).toEqual([1, '']);
    expect(again.stderr).toBe(`eccos: params.pid: expected a live process of yours, got ${victim.pid}\n`);
    await victim.close();
  });
});

describe('errors are one line and an exit code', () => {
  test.each([
    ['without a token', ['ps'], 1, /^eccos: ws:.* the kernel takes no such token$/],
    ['a variable that is not set', ['ps', '--token-env', 'NOT_SET'], 1, /^eccos: --token-env: .*"NOT_SET"$/],
    ['an invalid address', ['ps', '--url', 'nowhere'], 1, /^eccos: url: .*"nowhere"$/],
    [
      'no kernel',
      ['stats', '--url', 'ws://127.0.0.1:1'],
      1,
      /^eccos: ws:\/\/127\.0\.0\.1:1: .*ECONNREFUSED.*; no kernel answers there; start one with: eccos boot --port 1$/,
    ],
    [
      'a host that there is not',
      ['ps', '--url', 'ws://nowhere.invalid:9'],
      1,
      /^eccos: .*no kernel answers there; .* --url or ECCOS_URL$/,
    ],
    ['an invalid pid', ['kill', 'all'], 2, /^eccos: .*'all'.* whole number/],
  ])('%s', async (_, args, code, message) => {
    const ended = await eccos(args, { ECCOS_URL: kernel.url });
    expect(ended.stderr.trimEnd()).toMatch(message);
    expect(ended.stderr.trimEnd()).not.toContain('\n');
    expect([ended.code, ended.stdout]).toEqual([code, '']);
  });
});

test('--token-env names the variable; a guest sees its own processes only', async () => {
  const { code, stdout } = await eccos(['ps', '--url', kernel.url, '--token-env', 'MINE'], { MINE: GUEST });
  expect(code).toBe(0);
  expect(stdout).toContain('patient');
  const other = await connect({ url: kernel.url, token: OPERATOR, name: 'hidden', reconnect: false });
  const seen = await eccos(['ps', '--url', kernel.url, '--token-env', 'MINE'], { MINE: GUEST });
  expect(seen.stdout).not.toContain('hidden');
  await other.close();
});
