import { Agent, request } from 'node:http';
import { expect, test } from 'vitest';
import type { CoreRequest, CoreRun } from '../../../../kernel/cores/core.js';
import { ScriptedCore } from '../../../support/scripted-core.js';
import { scriptedWorld } from './http-world.js';

const COUNT = Number(process.env['FUZZ'] ?? 3000);

/** A core that answers at once. */
class QuickCore extends ScriptedCore {
  override async chat(_request: CoreRequest, { onChunk }: CoreRun) {
    onChunk({ text: 'ok', tokens: 1 });
    const usage = { inputTokens: 1, outputTokens: 1 };
    return { toolCalls: [], finishReason: 'stop' as const, usage, costUsd: 0 };
  }
}

/** Numbers that a seed repeats (mulberry32). */
function drawing(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const tool = {
  type: 'function',
  function: { name: 'f', parameters: { type: 'object', properties: { a: {} } }, strict: null },
};
const call = { id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } };
const parts = [
  { type: 'text', text: 'a' },
  { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
];
const schema = { name: 's', schema: { type: 'object' }, strict: true };
const GOOD: readonly (readonly [string, object])[] = [
  [
    '/v1/chat/completions',
    {
      model: 'auto',
      messages: [
        { role: 'system', content: 's' },
        { role: 'user', content: parts },
        { role: 'assistant', content: null, tool_calls: [call] },
        { role: 'tool', tool_call_id: 'c', content: 'r' },
      ],
      tools: [tool],
      tool_choice: 'auto',
      stream: true,
      stream_options: { include_usage: true },
      stop: ['x'],
      metadata: { agent: 'a', task: 't' },
      response_format: { type: 'json_schema', json_schema: schema },
    },
  ],
  [
    '/v1/responses',
    {
      model: 'auto:quality=0.5',
      instructions: 'i',
      input: [
        { role: 'user', content: [{ type: 'input_text', text: 'a' }] },
        { type: 'function_call', call_id: 'c', name: 'f', arguments: '{}' },
        { type: 'function_call_output', call_id: 'c', output: 'r' },
      ],
      tools: [{ type: 'function', name: 'f', parameters: {} }],
      text: { format: { type: 'json_schema', ...schema } },
      reasoning: { effort: 'low' },
      stream: true,
    },
  ],
  [
    '/v1/messages',
    {
      model: 'auto',
      max_tokens: 9,
      system: [{ type: 'text', text: 's' }],
      messages: [
        { role: 'user', content: [{ type: 'text', text: 'a' }] },
        { role: 'assistant', content: [{ type: 'tool_use', id: 'c', name: 'f', input: {} }] },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'c', content: [{ type: 'text', text: 'r' }] }] },
      ],
      tools: [{ name: 'f', input_schema: {} }],
      tool_choice: { type: 'tool', name: 'f' },
      stream: true,
    },
  ],
  ['/v1/messages/count_tokens', { messages: [{ role: 'user', content: 'a' }] }],
  [
    '/query',
    {
      agent_name: 'a',
      query_type: 'llm',
      query_data: {
        llms: [{ name: 'a' }],
        messages: [{ role: 'user', content: 'a' }],
        tools: null,
        action_type: 'chat',
      },
    },
  ],
  ['/v1/eccos/feedback', { id: 'chatcmpl-x', quality: 1 }],
];
const VALUES: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1e308,
  1e-9,
  '',
  'x',
  '\ud800',
  '\u0000',
  'x'.repeat(300),
  [],
  {},
  [[]],
  [null],
  { type: 'x' },
  'constructor',
  '__proto__',
  { __proto__: null, toString: 1 },
  ['auto'],
  'auto:',
  'a+b',
  'auto:quality=2',
];
const HEADERS = [
  'x-eccos-agent',
  'x-eccos-parent',
  'x-eccos-task',
  'x-eccos-priority',
  'x-eccos-deadline-ms',
  'x-eccos-quality',
  'x-eccos-retry',
  'x-stainless-timeout',
  'x-session-id',
  'user-agent',
  'content-encoding',
  'idempotency-key',
  'content-type',
  'authorization',
  'x-api-key',
  'origin',
  'expect',
];
const HEADER_VALUES = [
  '',
  '1',
  '-1',
  '1e999',
  'NaN',
  'x',
  'a\tb',
  '\u00e9',
  'null',
  '0',
  '999999999999999999999',
  'gzip',
  'Bearer x',
  '{}',
  'safe',
  '5'.repeat(300),
];

/** A copy with one thing changed somewhere. */
function mutate(value: unknown, draw: (below: number) => number): unknown {
  const pick = <T>(list: readonly T[]) => list[draw(list.length)] as T;
  if (typeof value !== 'object' || value === null || draw(6) === 0) return pick(VALUES);
  if (Array.isArray(value)) {
    const copy: unknown[] = [...value];
    const at = draw(copy.length + 1);
    copy.splice(at, draw(2), mutate(copy[at], draw));
    return copy;
  }
  const names = Object.keys(value);
  const name =
    draw(8) === 0 ? pick(['__proto__', 'constructor', 'extra', 'n', 'audio', 'service_tier']) : (pick(names) ?? 'x');
  if (draw(6) === 0) return Object.fromEntries(Object.entries(value).filter(([key]) => key !== name));
  return { ...value, [name]: mutate((value as Record<string, unknown>)[name], draw) };
}

/** Cuts or changes characters of a JSON text. */
function scratch(text: string, draw: (below: number) => number): string {
  const at = draw(text.length);
  return draw(2) === 0
    ? text.slice(0, at)
    : text.slice(0, at) + String.fromCharCode(draw(128)) + text.slice(at + 1 + draw(3));
}

interface Answered {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

function send(url: string, agent: Agent, headers: Record<string, string>, body: string): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', agent, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, type: String(response.headers['content-type']), body: text }),
      );
      response.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** What is wrong with an answer, if anything. */
function fault(path: string, { status, type, body }: Answered): string | undefined {
  if (status >= 500 && status !== 501 && status !== 502 && status !== 504) return `status ${status}`;
  if (type.startsWith('text/event-stream'))
    return status === 200 && body.includes('data: ') ? undefined : 'an empty stream';
  const json = JSON.parse(body) as { error?: { message?: unknown }; detail?: unknown };
  if (status === 200) return undefined;
  const message = path === '/query' ? (json.detail ?? json.error?.message) : json.error?.message;
  return typeof message === 'string' && message !== '' ? undefined : 'no message';
}

test(`${COUNT} mutated bodies and headers: each has an answer or a valid error, and nothing is left open`, {
  timeout: 3_600_000,
}, async () => {
  const { url, kernel } = await scriptedWorld([new QuickCore('a', { cap: 64, inputs: ['image'] })], {
    limits: { requestsPerSecond: 1e6, maxAgents: 100 },
  });
  const draw = drawing(Number(process.env['SEED'] ?? 1));
  const uncaught: unknown[] = [];
  const note = (error: unknown) => void uncaught.push(error);
  process.on('uncaughtException', note).on('unhandledRejection', note);
  const agent = new Agent({ keepAlive: true, maxSockets: 32 });
  const wrong: unknown[] = [];
  const statuses = new Map<number, number>();
  const one = async () => {
    const [path, good] = GOOD[draw(GOOD.length)] as (typeof GOOD)[number];
    let body: unknown = good;
    for (let n = draw(4); n > 0; n--) body = mutate(body, draw);
    let text = JSON.stringify(body) ?? '';
    if (draw(5) === 0) text = scratch(text, draw);
    const headers: Record<string, string> = { 'content-type': 'application/json' };
    for (let n = draw(3); n > 0; n--) {
      headers[HEADERS[draw(HEADERS.length)] as string] = HEADER_VALUES[draw(HEADER_VALUES.length)] as string;
    }
    if (headers['expect'] !== undefined) delete headers['expect'];
    try {
      const answered = await send(url + path, agent, headers, text);
      statuses.set(answered.status, (statuses.get(answered.status) ?? 0) + 1);
      const what = fault(path, answered);
      if (what !== undefined) wrong.push({ what, path, headers, text, answered });
    } catch (error) {
      wrong.push({ what: String(error), path, headers, text });
    }
  };
  for (let done = 0; done < COUNT; done += 32) await Promise.all(Array.from({ length: 32 }, one));
  agent.destroy();
  process.off('uncaughtException', note).off('unhandledRejection', note);
  process.stderr.write(`answers by status: ${JSON.stringify(Object.fromEntries(statuses))}\n`);
  expect(wrong.slice(0, 3)).toEqual([]);
  expect(uncaught).toEqual([]);
  await expect.poll(() => kernel.stats().syscalls).toMatchObject({ running: 0, pending: 0 });
  expect(statuses.get(200)).toBeGreaterThan(COUNT / 20);
});
