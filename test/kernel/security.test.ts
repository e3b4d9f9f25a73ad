import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { realClock } from '../../kernel/clock.js';
import { kernelOn, openOn } from '../support/kernel.js';
import { ScriptedCore } from '../support/scripted-core.js';
import { connect, knock, Peer, rpc, type ServeOptions, serve, until } from './doors/ws/harness.js';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const token = (name: string, scope: object = {}) => ({ name, sha256: sha256(name), ...scope });
const hello = (name: string, more: object = {}) => rpc('hello', 'agent.hello', { protocol: 1, name, ...more });
const chat = (content = 'hi', more: object = {}) =>
  rpc('chat', 'llm.chat', { messages: [{ role: 'user', content }], ...more });

/** A real kernel on one core behind a real server. */
async function start(options: ServeOptions) {
  const core = new ScriptedCore('a');
  const kernel = kernelOn(realClock, [core]);
  const served = await serve({ ...options, open: (principal, outbox) => openOn(kernel, principal, outbox) });
  onTestFinished(() => served.server.close());
  const agent = async (name: string) => {
    const peer = await connect(served, { headers: { Authorization: `Bearer ${name}` } });
    const { result } = await peer.ask(hello(name));
    return { peer, pid: (result as { pid: number }).pid };
  };
  return { served, core, agent };
}

const refused = (code: string) => ({ error: { data: { code } } });

test('the WebSocket library is one that does not exhaust memory on tiny fragments', () => {
  const file = fileURLToPath(new URL('../../node_modules/ws/package.json', import.meta.url));
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
  const [major = 0, minor = 0] = version.split('.').map(Number);
  expect(major * 1000 + minor).toBeGreaterThanOrEqual(8021);
});

describe('the scope of a token', () => {
  test("ends at others' processes and syscalls", async () => {
    const { agent, core } = await start({ tokens: [token('alice'), token('bob')] });
    const [alice, bob] = [await agent('alice'), await agent('bob')];
    const accepted = (await alice.peer.ask(chat('mine'))) as { params: { syscallId: string } };
    const { syscallId } = accepted.params;
    expect(await bob.peer.ask(rpc(1, 'syscall.cancel', { syscallId }))).toMatchObject(refused('not-found'));
    expect(await bob.peer.ask(rpc(2, 'agent.kill', { pid: alice.pid }))).toMatchObject(refused('not-found'));
    const ps = (await bob.peer.ask(rpc(3, 'kernel.ps'))) as { result: { processes: { pid: number }[]; syscalls: [] } };
    expect(ps.result.processes.map(({ pid }) => pid)).toEqual([bob.pid]);
    expect(ps.result.syscalls).toEqual([]);
    core.last.finish();
    expect((await alice.peer.messages(3))[2]).toHaveProperty('result');
    expect(await bob.peer.ask(rpc(4, 'syscall.feedback', { syscallId, quality: 0 }))).toMatchObject(
      refused('not-found'),
    );
    expect(await alice.peer.ask(rpc(5, 'syscall.cancel', { syscallId }))).toMatchObject({
      result: { cancelled: false },
    });
  });

  test("does not let a process hang itself below another token's", async () => {
    const { agent, served } = await start({ tokens: [token('alice'), token('bob')] });
    const { pid } = await agent('alice');
    const bob = await connect(served, { headers: { Authorization: 'Bearer bob' } });
    expect(await bob.ask(hello('child', { parent: pid }))).toHaveProperty('error');
  });

  test('bounds methods and models, and comes from the token alone', async () => {
    const scope = { methods: ['llm.chat'], cores: ['b'] };
    const { agent } = await start({ tokens: [token('alice', scope)] });
    const { peer } = await agent('alice');
    expect(await peer.ask(rpc(1, 'kernel.ps'))).toMatchObject(refused('forbidden'));
    expect(await peer.ask(chat('hi', { models: ['a'] }))).toHaveProperty('error');
    expect(await peer.ask(chat('hi', { operator: true }))).toMatchObject(refused('invalid-params'));
    expect(await peer.ask({ ...chat(), principal: 'operator' })).toMatchObject(refused('no-eligible-core'));
  });
});

test('names of Object.prototype are plain data, as agent, method, model and parameter', async () => {
  const { served } = await start({});
  for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
    const peer = await connect(served);
    expect(await peer.ask(hello(name, { tenant: name }))).toMatchObject({ result: { tenant: name } });
    expect(await peer.ask(rpc(1, name))).toMatchObject(refused('method-not-found'));
    expect(await peer.ask(chat('hi', { models: [name] }))).toHaveProperty('error');
    expect(await peer.ask(rpc(2, 'syscall.cancel', { syscallId: name }))).toMatchObject(refused('not-found'));
    const polluting = `{"jsonrpc":"2.0","id":3,"method":"kernel.stats","params":{"${name}":{"polluted":1}}}`;
    expect(await peer.ask(polluting)).toMatchObject(refused('invalid-params'));
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    expect(await knock(served.server.port, { [name]: 'x', 'X-Name': name })).toBe(101);
  }
});

test('a canary key, token and prompt are in no log line, no error and no status call', {
  timeout: 60_000,
}, async () => {
  const canary = { key: 'canary-key-5ec2e7', token: 'canary-token-5ec2e7', prompt: 'canary prompt 5ec2e7 '.repeat(5) };
  const provider = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += String(chunk);
    });
    // A provider that says everything back in its error.
    request.on('end', () => {
      response.writeHead(400, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify({ error: { message: `${request.headers.authorization} ${body}` } }));
    });
  });
  await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve));
  const price = { inputPerMTok: 1, outputPerMTok: 1 };
  const config = {
    listen: { port: 0 },
    log: { level: 'debug' },
    auth: { tokens: [{ name: 'alice', env: 'ALICE_TOKEN', operator: true }] },
    limits: { retryBackoffMs: { base: 1, max: 1 } },
    cores: [
      { id: 'sim', kind: 'simulated', price, ttftMs: 0, decodeSpeed: 'unlimited' },
      {
        id: 'echo',
        kind: 'provider',
        model: 'm',
        price,
        baseUrl: `http://127.0.0.1:${(provider.address() as AddressInfo).port}/v1`,
        apiKeyEnv: 'ECHO_KEY',
      },
    ],
  };
  const program = `
    import { bootKernel } from ${JSON.stringify(new URL('../../dist/kernel/boot.js', import.meta.url).href)};
    import { checkConfig } from ${JSON.stringify(new URL('../../dist/kernel/config/config.js', import.meta.url).href)};
    const kernel = await bootKernel(checkConfig(${JSON.stringify(config)}, 'test'));
    process.on('SIGTERM', () => kernel.stop().then(() => process.exit()));
    console.log((await kernel.listen()).url);`;
  const env = { ...process.env, ALICE_TOKEN: canary.token, ECHO_KEY: canary.key };
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { env });
  onTestFinished(() => {
    child.kill('SIGKILL');
    provider.close();
  });
  let output = '';
  child.stderr.on('data', (chunk) => {
    output += String(chunk);
  });
  const lines = createInterface({ input: child.stdout });
  const url = await new Promise<string>((resolve, reject) => {
    lines.once('line', resolve);
    child.once('exit', () => reject(new Error(output)));
  });
  lines.on('line', (line) => {
    output += line;
  });

  for (const [path, header] of [
    [`/?token=${canary.token}`, ''],
    ['/', `Bearer ${canary.token}x`],
    ['/', `Basic ${canary.token}`],
  ] as const) {
    const peer = new Peer(url + path, { headers: { Authorization: header } });
    await expect(peer.opened()).rejects.toThrow(/401/);
  }
  const peer = await new Peer(url, { headers: { Authorization: `Bearer ${canary.token}` } }).opened();
  await peer.ask(hello('canary'));
  const { prompt } = canary;
  for (const [n, message] of [
    prompt,
    `{"jsonrpc":"2.0","id":1,"method":"llm.chat","params":{"messages":"${prompt}"`,
    `{"jsonrpc":"2.0","id":1,"method":"llm.chat","params":{"messages":"${prompt}"}}`,
    { ...chat(prompt), method: prompt },
    { ...chat(prompt), method: 'none' },
    chat(prompt, { priority: prompt }),
    chat(prompt, { models: ['none'] }),
  ].entries()) {
    expect(await peer.ask(message), `message ${n}`).toHaveProperty('error');
  }
  peer.send(chat(prompt, { models: ['sim'], stream: true }));
  peer.send({ ...chat(prompt, { models: ['echo'] }), id: 'failing' });
  const replies = () => peer.received.filter(({ id }) => id === 'chat' || id === 'failing').length;
  const before = replies();
  await until(() => replies() === before + 2);
  expect(peer.received.find(({ id }) => id === 'failing')).toHaveProperty('error');
  for (const method of ['kernel.ps', 'kernel.stats', 'kernel.cores']) await peer.ask(rpc(method, method));
  child.kill('SIGTERM');
  await new Promise((resolve) => child.once('exit', resolve));
  expect(output).toContain('refused a connection');
  const everything = output + peer.received.map((message) => JSON.stringify(message)).join('\n');
  expect(everything.match(/canary.{0,12}5ec2e7/g)).toBeNull();
});
