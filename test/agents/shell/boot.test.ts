import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Client, connect } from '../../../agents/sdk/client.js';
import { readOutcomes } from '../../../kernel/outcomes/file.js';
import { bootShell, eccos, Shell } from './eccos.js';
import { makeConfig } from './made-config.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'eccos-boot-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const running: Shell[] = [];
const clients: Client[] = [];
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  const shells = running.splice(0);
  for (const shell of shells) shell.signal('SIGKILL');
  await Promise.all(shells.map((shell) => shell.ended()));
});

async function boot(...given: Parameters<typeof bootShell>) {
  const booted = await bootShell(...given);
  running.push(booted.shell);
  return booted;
}

async function client(url: string, token?: string): Promise<Client> {
  const connected = await connect({ url, token, name: 'test', reconnect: false });
  clients.push(connected);
  return connected;
}

function config(name: string, made: Parameters<typeof makeConfig>[1] = {}): string {
  return makeConfig(join(folder, name), made);
}

const ask = { messages: [{ role: 'user' as const, content: 'How many legs has an ant?' }] };

describe('eccos boot', () => {
  test('says where it listens, by which policy, on which cores and under which limits', async () => {
    const { shell } = await boot(['--policy', 'round-robin']);
    await shell.wrote('stdout', /finishedCalls\.count +10000/);
    expect(shell.stdout).toMatch(/^eccos kernel on ws:\/\/127\.0\.0\.1:\d+, policy round-robin, process \d+$/m);
    expect(shell.stdout).toMatch(/^frontier +simulated +up/m);
    expect(shell.stdout).toMatch(/^maxMessageBytes +1048576 +Most bytes of one message$/m);
    expect(shell.stdout.split('\n').length).toBeLessThan(50);
  });

  test('says that an eccos.yaml in its folder is not used', async () => {
    writeFileSync(join(folder, 'eccos.yaml'), 'cores: []');
    const shell = new Shell(['boot', '--port', '0'], {}, [], folder);
    running.push(shell);
    await shell.wrote('stderr', /eccos\.yaml is in this folder and is not used: name it with --config/);
    await shell.wrote('stdout', /^eccos kernel on/m);
  });

  test('takes the policy from the flag, else the environment, else the config', async () => {
    const file = config('policy.yaml', { more: { policy: 'round-robin' } });
    const policies = await Promise.all([
      boot(['--config', file, '--policy', 'fifo'], { ECCOS_POLICY: 'round-robin' }),
      boot(['--config', file], { ECCOS_POLICY: 'fifo' }),
      boot(['--config', file]),
    ]);
    for (const [at, name] of ['fifo', 'fifo', 'round-robin'].entries()) {
      expect(policies[at]?.shell.stdout).toContain(`policy ${name},`);
    }
  });

  test('SIGTERM drains: the running call is answered, then it ends with 0', async () => {
    const { shell, url } = await boot(['--config', config('drain.yaml', { seconds: 0.5 })]);
    const agent = await client(url);
    const reply = agent.chat(ask);
    await started(agent);
    shell.signal('SIGTERM');
    await shell.wrote('stderr', /draining/);
    expect((await reply).core).toBe('only');
    expect((await shell.ended()).code).toBe(0);
  });

  test('a second signal ends it at once, with 1', async () => {
    const { shell, url } = await boot(['--config', config('stuck.yaml', { seconds: 3600 })]);
    const agent = await client(url);
    const reply = agent.chat(ask).catch((error: unknown) => error);
    await started(agent);
    shell.signal('SIGINT');
    await shell.wrote('stderr', /draining/);
    // Two signals within 100 ms count as one.
    const again = setInterval(() => shell.signal('SIGTERM'), 50);
    const { code } = await shell.ended();
    clearInterval(again);
    expect(code).toBe(1);
    expect(await reply).toMatchObject({ code: 'disconnected' });
  });

  test('SIGTERM ends a boot that does not come to its end', async () => {
    const file = join(folder, 'slow.mjs');
    const prepare = 'prepare() { console.error("reads"); return new Promise((done) => setTimeout(done, 1e9)); }';
    writeFileSync(file, `export default () => ({ name: 'slow', schedule: () => [], ${prepare} });`);
    const shell = new Shell(['boot', '--port', '0', '--policy-module', file]);
    running.push(shell);
    await shell.wrote('stderr', /reads/);
    shell.signal('SIGTERM');
    const { code, stdout } = await shell.ended();
    expect([code, stdout]).toEqual([0, '']);
  });

  test('SIGHUP takes over caps, limits and tokens, and a config with a fault changes nothing', async () => {
    const token = 'a token of the test';
    const tokens = [{ name: 'ops', sha256: createHash('sha256').update(token).digest('hex'), operator: true }];
    const file = config('reload.yaml');
    const { shell, url } = await boot(['--config', file]);
    expect((await (await client(url)).cores())[0]?.cap).toBe(1);

    config('reload.yaml', { core: { cap: 7 }, more: { limits: { pendingPerAgent: 5 }, auth: { tokens } } });
    shell.signal('SIGHUP');
    await shell.wrote('stderr', /reloaded/);
    await expect(connect({ url, name: 'no token' })).rejects.toMatchObject({ code: 'unauthorized' });
    const operator = await client(url, token);
    expect((await operator.cores())[0]?.cap).toBe(7);
    expect(operator.hello.limits.pendingPerAgent).toBe(5);

    config('reload.yaml', { core: { cap: -1 } });
    shell.signal('SIGHUP');
    expect(await shell.wrote('stderr', /not reloaded: ([^"]*)/)).toContain('cores.0.cap');
    expect((await operator.cores())[0]?.cap).toBe(7);
  });

  test('an exception that nobody caught is logged and ends it with 1', async () => {
    const trap = 'process.on("SIGUSR2", () => { throw new Error("planted"); });';
    const { shell } = await boot([], {}, ['--import', `data:text/javascript,${encodeURIComponent(trap)}`]);
    shell.signal('SIGUSR2');
    const { code, stderr } = await shell.ended();
    expect(code).toBe(1);
    expect(stderr).toContain('uncaught exception');
  });

  test.each([
    ['hashes', [], /^sha256:[0-9a-f]{64}$/],
    ['prompts', ['--record-prompts'], /^How many legs has an ant\?$/],
  ])('--record writes a line a rated call, with %s', async (name, flags, prompt) => {
    const file = join(folder, `${name}.jsonl`);
    const { shell, url } = await boot(['--config', config('record.yaml'), '--record', file, ...flags]);
    expect(shell.stdout).toContain(`recording to ${file}`);
    const agent = await client(url);
    const [rated, unrated] = await Promise.all([agent.chat({ ...ask, task: 'trivia' }), agent.chat(ask)]);
    await agent.feedback(rated.syscallId, 0.75);
    shell.signal('SIGTERM');
    expect((await shell.ended()).code).toBe(0);
    const records = [];
    for await (const { record } of readOutcomes(file)) records.push(record);
    expect(records).toEqual([
      {
        id: rated.syscallId,
        dataset: 'trivia',
        prompt: expect.stringMatching(prompt),
        input_tokens: rated.usage.inputTokens,
        outputs: [{ model: 'only', score: 0.75, output_tokens: rated.usage.outputTokens, cost_usd: rated.costUsd }],
      },
    ]);
    expect(unrated.syscallId).not.toBe(rated.syscallId);
  });
});

describe('eccos boot refuses', () => {
  test.each([
    [
      'an unknown policy',
      ['--policy', 'best'],
      1,
      /^eccos: --policy: Expected one of the policies fifo, round-robin, eccos, .*, got "best"$/,
    ],
    ['an invalid port', ['--port', '70000'], 2, /^eccos: option '--port <n>' argument '70000' is invalid\. .*65535/],
    ['a file that is not there', ['--config', '/nowhere.yaml'], 1, /^eccos: \/nowhere\.yaml: ENOENT/],
    ['an open address without a token', ['--host', '0.0.0.0'], 1, /^eccos: listen\.host: .*got "0\.0\.0\.0"/],
    ['a record file it cannot write', ['--record', '/nowhere/x.jsonl'], 1, /^eccos: --record: .*\/nowhere/],
    [
      'a memory in a folder that cannot be made',
      ['--policy', 'eccos:memory=/dev/null/memory'],
      1,
      /^eccos: memory: Expected \/dev\/null\/memory to be a folder that can be written: EEXIST/,
    ],
    ['prompts without a record file', ['--record-prompts'], 2, 'eccos: --record-prompts: Expected --record with it'],
  ])('%s, on one line', async (_, args, code, message) => {
    const ended = await eccos(['boot', ...(args.includes('--port') ? [] : ['--port', '0']), ...args]);
    expect(ended.code).toBe(code);
    expect(ended.stderr.trimEnd()).toMatch(message);
    expect(ended.stderr.trimEnd()).not.toContain('\n');
    expect(ended.stdout).toBe('');
  });

  test('a config with faults: the first one, and where to read the others', async () => {
    const file = config('faulty.yaml', { core: { cap: -1, ttftMs: 'soon' }, more: { color: 'red' } });
    const { code, stderr } = await eccos(['boot', '--config', file]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^eccos: .*cores\.0\.\w+: .* \(and 2 more: eccos config check\)\n$/);
  });
});

/** Waits until a call of the agent runs. */
async function started(agent: Client): Promise<void> {
  for (;;) if ((await agent.stats()).syscalls.running > 0) return;
}
