import { connect as connectTcp } from 'node:net';
import { pino } from 'pino';
import { describe, expect, onTestFinished, test } from 'vitest';
import { realClock } from '../../../../kernel/clock.js';
import type { CoreResult } from '../../../../kernel/cores/core.js';
import { Connection } from '../../../../kernel/doors/ws/connection.js';
import { Corks } from '../../../../kernel/doors/ws/socket-outbox.js';
import type { Kernel } from '../../../../kernel/kernel.js';
import { LOCAL } from '../../../../kernel/process/principal.js';
import { loadTokenizer } from '../../../../kernel/tokens.js';
import { brokenBound } from '../../../../syscalls/json-scan.js';
import { kernelOn, LIMITS, openOn } from '../../../support/kernel.js';
import { ScriptedCore } from '../../../support/scripted-core.js';
import { connect, doorParts, frame, rpc, serve, until } from './harness.js';

/** Seed of every draw: set SEED to see a failure again. */
const SEED = Number(process.env['SEED'] ?? 20_261_121);
/** In the suite; MUTANTS=1000000 is the long size. */
const MUTANTS = Number(process.env['MUTANTS'] ?? 20_000);
const SOCKETS = 400;
const FRAMES = 50;

/** Mulberry32. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

class InstantCore extends ScriptedCore {
  override async chat(): Promise<CoreResult> {
    const usage = { inputTokens: 1, outputTokens: 1 };
    return { toolCalls: [], finishReason: 'stop', usage, costUsd: 0 };
  }
}

function kernel(): Kernel {
  return kernelOn(realClock, [new InstantCore('a', { cap: 100 })], { limits: { pendingTotal: 1000 } });
}

const CHAT = {
  messages: [{ role: 'user', content: 'What is "2 + 2"? \\ é' }],
  models: ['a'],
  maxTokens: 5,
  stream: true,
  tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object', properties: {} } } }],
};
const SEEDS = [
  rpc(1, 'agent.hello', { protocol: 1, name: 'fuzz' }),
  rpc('x', 'llm.chat', CHAT),
  rpc(2, 'syscall.cancel', { syscallId: 's1' }),
  rpc(3, 'syscall.feedback', { syscallId: 's1', quality: 0.5 }),
  rpc(4, 'kernel.ps'),
  rpc(5, 'kernel.cores'),
  [rpc(6), rpc(7)],
  { jsonrpc: '2.0', method: 'kernel.ps' },
  [{ jsonrpc: '2.0', method: 'kernel.ps' }, rpc(8)],
].map((message) => JSON.stringify(message));

const WORDS = [
  ...['{', '}', '[', ']', '"', '\\', ':', ',', '\\u0000', '\\ud800', '\0', '\n', '\uffff', '-', '0', '1e999', '-0'],
  ...['null', 'true', '{}', '[]', '[[[[', '"__proto__":', '"constructor":', '"toString":{},', '"id":', 'NaN'],
  ...['"jsonrpc":"2.0",', '"params":null', '9'.repeat(400), '['.repeat(40), '{"a":'.repeat(40), 'x'.repeat(2000)],
];

function mutate(text: string, random: () => number): string {
  let mutant = text;
  const any = (below: number) => Math.floor(random() * below);
  for (let times = any(4); times >= 0; times--) {
    const at = any(mutant.length + 1);
    const end = at + any(Math.min(40, mutant.length - at + 1));
    const middle = [WORDS[any(WORDS.length)], mutant.slice(at, end).repeat(any(4)), String.fromCharCode(any(256)), ''];
    mutant = mutant.slice(0, at) + middle[any(4)] + mutant.slice(random() < 0.5 ? at : end);
  }
  return mutant;
}

/** Whether JSON-RPC 2.0 has something come back for a message. */
function isAnswered(text: string): boolean {
  try {
    if (brokenBound(text, LIMITS) !== undefined) return true;
    const value: unknown = JSON.parse(text);
    if (!Array.isArray(value)) return !isNotification(value);
    return value.length === 0 || value.length > LIMITS.maxBatchRequests || !value.every(isNotification);
  } catch {
    return true;
  }
}

function isNotification(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Object.hasOwn(value, 'id')) return false;
  const { jsonrpc, method } = value as Record<string, unknown>;
  return jsonrpc === '2.0' && typeof method === 'string';
}

describe(`hostile input (seed ${SEED})`, () => {
  test(`${MUTANTS} mutated messages get one reply each, but for notifications; none takes 100 ms of CPU`, {
    timeout: 600_000,
  }, async () => {
    const random = randomOf(SEED);
    const failures: object[] = [];
    const log = pino({}, { write: (line) => void failures.push(JSON.parse(line)) });
    const limits = () => ({ ...LIMITS, requestsPerSecond: 1e9 });
    const sent: string[] = [];
    const idle = () => {};
    const send = (text: string) => void sent.push(text);
    const socket = { bufferedAmount: 0, send, close: idle, pause: idle, resume: idle, terminate: idle };
    const stream = { cork: () => {}, uncork: () => {} };
    const open = kernel();
    const connection = new Connection(LOCAL, socket, stream, {
      clock: realClock,
      log,
      limits,
      corks: new Corks(realClock),
      // No turn of the loop is ever over, so that each message is answered where it can be measured.
      ...doorParts({ ...realClock, now: () => 0 }, limits),
      onKnown: () => {},
      open: (principal, outbox) => openOn(open, principal, outbox),
    });
    // A kernel reads it when it boots.
    loadTokenizer();
    let slowest = 0;
    let answered = 0;
    for (let n = 0; n < MUTANTS; n++) {
      const text = Buffer.from(mutate(SEEDS[n % SEEDS.length] as string, random));
      if (isAnswered(text.toString())) answered++;
      const before = process.cpuUsage();
      connection.receive(text, false);
      const { user, system } = process.cpuUsage(before);
      slowest = Math.max(slowest, (user + system) / 1000);
      if (n % 500 === 0) await new Promise<void>((resolve) => realClock.after(0, resolve));
    }
    const replies = () => sent.filter((text) => !text.startsWith('{"jsonrpc":"2.0","method":'));
    await until(() => replies().length >= answered);
    expect(replies()).toHaveLength(answered);
    expect(answered).toBeLessThan(MUTANTS);
    for (const reply of replies()) expect(reply).toMatch(/^\[?\{"jsonrpc":"2.0","id":.+"(result|error)":/s);
    const single = replies().flatMap((reply) => JSON.parse(reply));
    const codes = new Set(single.map(({ error }) => (error?.data.code ?? 'result') as string));
    expect([...codes].sort()).toEqual(
      expect.arrayContaining(['invalid-params', 'invalid-request', 'method-not-found', 'parse-error', 'result']),
    );
    expect(codes).not.toContain('internal');
    expect(failures).toEqual([]);
    expect(slowest).toBeLessThan(100);
  });

  test(`${SOCKETS * FRAMES} random frames do not reach the other connections`, { timeout: 60_000 }, async () => {
    const random = randomOf(SEED + 1);
    const behind = kernel();
    const served = await serve({ open: (principal, outbox) => openOn(behind, principal, outbox) });
    onTestFinished(() => served.server.close());
    const bystander = await connect(served);
    await bystander.ask(rpc(0, 'agent.hello', { protocol: 1, name: 'bystander' }));
    for (let n = 0; n < SOCKETS; n += 20) {
      await Promise.all(Array.from({ length: 20 }, () => throwFrames(served.server.port, random)));
      expect(await bystander.ask(rpc(n + 1))).toHaveProperty('result');
    }
    await until(() => behind.stats().agents === 1);
  });
});

const HANDSHAKE = [
  'GET / HTTP/1.1',
  'Host: localhost',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  '\r\n',
].join('\r\n');

/** One connection that sends good and bad frames, whole and cut, until it is closed. */
function throwFrames(port: number, random: () => number): Promise<void> {
  const any = (below: number) => Math.floor(random() * below);
  const one = () => {
    const noise = Buffer.from(Array.from({ length: any(200) }, () => any(256)));
    const payload = random() < 0.7 ? Buffer.from(mutate(SEEDS[any(SEEDS.length)] as string, random)) : noise;
    if (random() < 0.02) return noise;
    const wild = random() < 0.05;
    const opcode = wild ? any(16) : ([1, 1, 1, 0, 9, 10][any(6)] as number);
    return frame(payload, { opcode, fin: random() < 0.9, rsv: wild ? any(8) : 0, masked: random() < 0.99 });
  };
  return new Promise((resolve) => {
    const socket = connectTcp(port, '127.0.0.1');
    socket.on('error', () => {});
    socket.on('close', () => resolve());
    socket.resume();
    socket.write(HANDSHAKE);
    const bytes = Buffer.concat(Array.from({ length: FRAMES }, one));
    const cut = any(bytes.length);
    socket.write(bytes.subarray(0, cut));
    realClock.after(1, () => socket.end(bytes.subarray(cut)));
    realClock.after(300, () => socket.destroy());
  });
}
