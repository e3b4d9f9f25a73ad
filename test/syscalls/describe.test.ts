import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { describeProtocol } from '../../syscalls/describe.js';
import { ERROR_CODES, type ErrorCode, SyscallError } from '../../syscalls/errors.js';
import { BEARER_PREFIX } from '../../syscalls/protocol.js';
import { NOTIFICATIONS, SYSCALLS } from '../../syscalls/table.js';

const COPY = resolve(import.meta.dirname, '../../syscalls/protocol.generated.json');
const copy = JSON.parse(readFileSync(COPY, 'utf8')) as ReturnType<typeof describeProtocol>;
const { messages } = copy.components;

/** Checks a message against the committed schema of its kind. */
function accepts(kind: string, message: object): boolean {
  const payload = messages[kind]?.payload as z.core.JSONSchema.JSONSchema;
  return z.fromJSONSchema(payload, { defaultTarget: 'draft-7' }).safeParse({ jsonrpc: '2.0', ...message }).success;
}

test('the committed copy is what the tables say; to renew it: npx eccos protocol > syscalls/protocol.generated.json', () => {
  expect(readFileSync(COPY, 'utf8')).toBe(`${JSON.stringify(describeProtocol(), null, 2)}\n`);
});

test('every method, notification and error is described, and every reference leads somewhere', () => {
  const methods = Object.keys(SYSCALLS);
  const notifications = Object.keys(NOTIFICATIONS);
  expect(Object.keys(copy.operations).toSorted()).toEqual([...methods, ...notifications, 'batch'].toSorted());
  const pairs = [...methods, 'batch'].flatMap((name) => [`${name}.request`, `${name}.reply`]);
  const kinds = [...pairs, ...notifications, 'error'];
  expect(Object.keys(messages).toSorted()).toEqual(kinds.toSorted());
  const references = [...JSON.stringify(copy).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path = '']) => path);
  expect(references.length).toBeGreaterThan(kinds.length);
  for (const path of references) {
    const target = path
      .split('/')
      .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], copy);
    expect(target, path).toBeDefined();
  }
});

/** Paths of the members of a schema that have no description. */
function undescribed(schema: unknown, path: string): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  return Object.entries(schema).flatMap(([key, value]) => {
    if (key !== 'properties') return undescribed(value, path);
    return Object.entries(value as Record<string, object>).flatMap(([name, member]) => [
      ...('description' in member ? [] : [`${path}.${name}`]),
      ...undescribed(member, `${path}.${name}`),
    ]);
  });
}

test('every member of every message has a description', () => {
  const paths = Object.entries(messages).flatMap(([kind, { payload }]) => undescribed(payload, kind));
  expect(paths).toEqual([]);
});

test('the check finds a member without a description', () => {
  const inner = { type: 'object', properties: { b: { type: 'string' } } };
  const schema = { properties: { a: { description: 'x', anyOf: [{ type: 'null' }, inner] }, c: {} } };
  expect(undescribed(schema, 'm')).toEqual(['m.a.b', 'm.c']);
});

test('servers, and both ways to hand over a token', () => {
  const { servers, components } = copy;
  expect(Object.values(servers).map(({ protocol }) => protocol)).toEqual(['ws', 'wss']);
  expect(components.securitySchemes).toMatchObject({
    bearer: { type: 'http', scheme: 'bearer' },
    subprotocol: { name: 'Sec-WebSocket-Protocol', description: expect.stringContaining(BEARER_PREFIX) },
  });
  for (const { security } of Object.values(servers)) expect(security).toHaveLength(2);
});

const core = {
  id: 'tiny',
  kind: 'simulated',
  price: { inputPerMTok: 0.05, outputPerMTok: 0.15 },
  contextWindow: 128_000,
  cap: 6,
  tools: false,
  responseFormat: false,
  supportsPrefix: true,
  running: 0,
  queued: 0,
  state: 'up',
};
const chat = {
  messages: [
    { role: 'system', content: [{ type: 'text', text: 'Be brief.' }] },
    { role: 'user', content: 'Hello' },
  ],
  maxTokens: 100,
  tools: [{ type: 'function', function: { name: 'now', parameters: { type: 'object', properties: {} } } }],
  stream: true,
  task: 'greetings',
};
const answer = {
  syscallId: 'b-1',
  text: 'Hi',
  toolCalls: [],
  finishReason: 'stop',
  usage: { inputTokens: 9, outputTokens: 1, reprefillTokens: 0 },
  costUsd: 0.000_001,
  core: 'tiny',
  reason: 'first free',
  attempts: 1,
  preemptions: 0,
  times: { accepted: 1, scheduled: 1.5, started: 2, firstToken: 3, ended: 4 },
};
const percentiles = { p50: 1, p99: 2 };
const stats = {
  policy: 'fifo',
  uptimeMs: 1000.5,
  agents: 1,
  syscalls: { accepted: 1, rejected: 0, done: 1, failed: 0, cancelled: 0, expired: 0, pending: 0, running: 0 },
  retries: 0,
  preemptions: 0,
  usage: { inputTokens: 9, outputTokens: 1, reprefillTokens: 0, costUsd: 0.000_001 },
  waitingMs: percentiles,
  turnaroundMs: percentiles,
  scheduler: {
    ticks: 1,
    fallbacks: 0,
    invalidAssignments: 0,
    decisionMs: percentiles,
    prepareMs: percentiles,
    prepareCallMs: percentiles,
  },
};
const limits = {
  pendingPerAgent: 1000,
  pendingTotal: 10_000,
  requestsPerSecond: 1000,
  maxMessageBytes: 2 ** 20,
  maxMessageDepth: 32,
  maxMessageValues: 10_000,
  maxBatchRequests: 100,
};
const ps = {
  processes: [
    { pid: 1, name: 'a', tenant: 'local', connectedAt: 5.5, pending: 1, running: 0, finished: 0, costUsd: 0 },
  ],
  syscalls: [{ syscallId: 'b-1', pid: 1, status: 'waiting', ageMs: 12.5, outputTokens: 0 }],
};

const EXAMPLES: Record<keyof typeof SYSCALLS, readonly [params: object, result: object]> = {
  'agent.hello': [
    { protocol: 1, name: 'a' },
    { pid: 1, tenant: 'local', policy: 'fifo', cores: [core], limits },
  ],
  'agent.kill': [{ pid: 1 }, { killed: [1, 2] }],
  'llm.chat': [chat, answer],
  'syscall.cancel': [{ syscallId: 'b-1' }, { cancelled: true }],
  'syscall.feedback': [{ syscallId: 'b-1', quality: 0.5 }, { accepted: true }],
  'kernel.cores': [{}, { cores: [core] }],
  'kernel.ps': [{}, ps],
  'kernel.stats': [{}, stats],
  'kernel.watch': [{ everyMs: 250, want: ['kernel', 'cores'] }, { watching: true }],
};

describe.each(Object.entries(EXAMPLES))('%s', (method, [params, result]) => {
  test('an example request and reply follow the schemas', () => {
    expect(accepts(`${method}.request`, { id: 1, method, params })).toBe(true);
    expect(accepts(`${method}.reply`, { id: 'a', result })).toBe(true);
    expect(accepts(`${method}.reply`, { id: null, result })).toBe(true);
  });

  test('a notification and a request with more members follow them too', () => {
    expect(accepts(`${method}.request`, { method, params })).toBe(true);
    expect(accepts(`${method}.request`, { id: 1, method, params, traceparent: '00-1-2-01' })).toBe(true);
  });

  test('what is not in the protocol does not', () => {
    expect(accepts(`${method}.request`, { id: 1, method: 'other', params })).toBe(false);
    expect(accepts(`${method}.request`, { id: 1, method, params: { ...params, extra: 1 } })).toBe(false);
    expect(accepts(`${method}.reply`, { id: 'a', result: { ...result, extra: 1 } })).toBe(false);
    expect(accepts(`${method}.reply`, { id: {}, result })).toBe(false);
    expect(accepts(`${method}.reply`, { result })).toBe(false);
  });
});

test('notifications follow the schemas', () => {
  const accepted = { request: 7, syscallId: 'b-1' };
  const chunk = { request: 7, syscallId: 'b-1', seq: 0, attempt: 1, offset: 0, text: 'Hi' };
  expect(accepts('syscall.accepted', { method: 'syscall.accepted', params: accepted })).toBe(true);
  expect(accepts('llm.chunk', { method: 'llm.chunk', params: { ...chunk, restart: true } })).toBe(true);
  expect(accepts('llm.chunk', { method: 'llm.chunk', params: { ...chunk, seq: 0.5 } })).toBe(false);
});

test.each(Object.keys(ERROR_CODES) as ErrorCode[])('the error %s is described: number, name, retryable', (code) => {
  const error = new SyscallError(code, 'why', { retryAfterMs: 5 }).toRpc();
  expect(accepts('error', { id: null, error })).toBe(true);
  expect(accepts('error', { id: 1, error: { ...error, code: 1 } })).toBe(false);
  const data = { ...error.data, retryable: !error.data.retryable };
  expect(accepts('error', { id: 1, error: { ...error, data } })).toBe(false);
});
