import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseJson } from '../../../kernel/doors/parse-json.js';
import { rpcRequest } from '../../../syscalls/protocol.js';
import { SYSCALLS } from '../../../syscalls/table.js';

const NAMES = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'prototype'];

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

const parse = (text: string, maxMessageDepth: number) => parseJson(text, { maxMessageDepth, maxMessageValues: 1000 });

test('decodes what JSON.parse decodes, exactly up to the depth', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), fc.integer({ min: 0, max: 7 }), (text, maxDepth) => {
      const value: unknown = JSON.parse(text);
      if (depthOf(value) <= maxDepth) expect(parse(text, maxDepth)).toEqual(value);
      else expect(() => parse(text, maxDepth)).toThrow(expect.objectContaining({ code: 'invalid-request' }));
    }),
    { numRuns: 2000 },
  );
});

test('any text is either decoded or refused with a code', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('"', '\\', '{', '[', ']', '}', ':', ',', 'a', '1', ' ') }),
      (text) => {
        try {
          expect(parse(text, 3)).toEqual(JSON.parse(text));
        } catch (error) {
          expect(['parse-error', 'invalid-request']).toContain((error as { code: string }).code);
        }
      },
    ),
    { numRuns: 5000 },
  );
});

test.each([
  '"[[[["',
  '"\\"[[[["',
  '"\\\\"',
  '{"a\\\\\\"[[[[":"]]{{{{"}',
  '["[", "\\u005b["]',
])('brackets inside a string do not count: %s', (text) => {
  expect(parse(text, 1)).toEqual(JSON.parse(text));
});

test('a bracket after a string that ends in backslashes counts', () => {
  expect(() => parse('["\\\\",["\\\\\\"",[[1]]]]', 3)).toThrow(/at most 3 levels of nesting/);
});

test.each([
  ['deep lists', '['.repeat(500_000)],
  ['deep objects', '{"a":'.repeat(200_000)],
  ['backslashes', `"${'\\'.repeat(1_000_000)}`],
  ['escaped quotes', `"${'\\"'.repeat(500_000)}`],
  ['quotes', '"'.repeat(1_000_001)],
])('a hostile megabyte of %s is refused within 100 ms of CPU', (_name, text) => {
  const before = process.cpuUsage();
  expect(() => parse(text, 32)).toThrow(expect.objectContaining({ code: expect.stringMatching(/parse|invalid/) }));
  const { user, system } = process.cpuUsage(before);
  expect((user + system) / 1000).toBeLessThan(100);
});

test('the text is not repeated in the error', () => {
  const error = (() => {
    try {
      return parse('my secret prompt {', 32);
    } catch (thrown) {
      return thrown as Error;
    }
  })() as Error;
  expect(`${error.message} ${error.stack} ${String(error.cause)}`).not.toContain('secret');
});

describe('names of Object.prototype are plain data', () => {
  test.each(NAMES)('%s as a member', (name) => {
    const value = parse(`{"${name}":{"polluted":true}}`, 32) as object;
    expect(Object.keys(value)).toEqual([name]);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  test.each(NAMES)('%s as a member of a request has no meaning, and of its parameters is refused', (name) => {
    const request = parse(`{"jsonrpc":"2.0","id":1,"method":"llm.chat","${name}":{"polluted":true}}`, 32);
    const decoded = rpcRequest.parse(request);
    expect(decoded).toStrictEqual({ jsonrpc: '2.0', id: 1, method: 'llm.chat' });
    expect(Object.getPrototypeOf(decoded)).toBe(Object.prototype);
    const message = `{"role":"user","content":"hi","${name}":{"polluted":true}}`;
    for (const text of [
      `{"messages":[${message}]}`,
      `{"messages":[{"role":"user","content":"hi"}],"${name}":{"stream":true}}`,
    ]) {
      expect(SYSCALLS['llm.chat'].params.safeParse(parse(text, 32)).success).toBe(false);
    }
  });

  test.each(NAMES)('%s as the name of an agent, a model, a tool', (name) => {
    expect(SYSCALLS['agent.hello'].params.parse({ protocol: 1, name })).toEqual({ protocol: 1, name });
    const tools = [{ type: 'function' as const, function: { name, parameters: { type: 'object' } } }];
    const params = { messages: [{ role: 'user' as const, content: name }], models: [name], tools, task: name };
    expect(SYSCALLS['llm.chat'].params.parse(params)).toEqual(params);
  });
});

test('bounds the number of values, wherever they are, before any of them is made', () => {
  const bounds = { maxMessageDepth: 32, maxMessageValues: 1000 };
  expect(parseJson(`[${'0,'.repeat(1000)}0]`, bounds)).toHaveLength(1001);
  for (const text of [`[${'0,'.repeat(1001)}0]`, `[${'[0,0],'.repeat(600)}0]`, `{"a":[${'{"b":1},'.repeat(1001)}0]}`]) {
    expect(() => parseJson(text, bounds)).toThrow('message: Expected at most 1000 values, got more');
  }
  expect(parseJson(`"${','.repeat(5000)}"`, bounds)).toHaveLength(5000);
});
