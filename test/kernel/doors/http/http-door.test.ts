import { createHash } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { describe, expect, test } from 'vitest';
import { SyscallError } from '../../../../syscalls/errors.js';
import { ScriptedCore } from '../../../support/scripted-core.js';
import { eventsOf, oneCore, post, scriptedWorld } from './http-world.js';

const CHAT = '/v1/chat/completions';
const ask = (more: object = {}) => ({ messages: [{ role: 'user', content: 'x' }], ...more });

/** The next request that the core gets. */
async function asked(core: ScriptedCore, count = 1) {
  await expect.poll(() => core.requests.length).toBeGreaterThanOrEqual(count);
  return core.last;
}

async function answered(core: ScriptedCore, response: Promise<Response>, count = 1): Promise<Response> {
  (await asked(core, count)).say('ok').finish();
  return response;
}

describe('who, how urgent, how good', () => {
  test.each<[string, object, Record<string, string>, object]>([
    [
      'headers',
      {},
      {
        'x-eccos-priority': '7',
        'x-eccos-deadline-ms': '9000',
        'x-eccos-quality': '0.5',
        'x-eccos-task': 'math',
        'x-eccos-retry': 'never',
      },
      { priority: 7, deadlineMs: 9000, minQuality: 0.5, task: 'math', retry: 'never' },
    ],
    [
      'the name of the model',
      { model: 'auto:quality=0.8,priority=5,deadline=30,task=math' },
      {},
      { minQuality: 0.8, priority: 5, deadlineMs: 30_000, task: 'math' },
    ],
    ['headers before the name', { model: 'eccos/auto:priority=5' }, { 'x-eccos-priority': '3' }, { priority: 3 }],
    ['a core', { model: 'gpt-test:priority=2' }, {}, { cores: ['gpt-test'], priority: 2 }],
    ['the tier of a service', { service_tier: 'priority' }, {}, { priority: 9 }],
    [
      'the timeout of an SDK, less a quarter of a second',
      {},
      { 'x-stainless-timeout': '600' },
      { deadlineMs: 599_750 },
    ],
  ])('%s', async (_, more, headers, expected) => {
    const { core, url } = await oneCore();
    await answered(core, post(url + CHAT, ask(more), headers));
    expect(core.last.request.params).toMatchObject(expected);
  });

  test('one of several cores, whose names may hold colons', async () => {
    const cores = ['a:b', 'c', 'd'].map((id) => new ScriptedCore(id));
    const { url } = await scriptedWorld(cores);
    const response = post(url + CHAT, ask({ model: 'a:b+c:task=x' }));
    const [first] = cores as [ScriptedCore];
    expect((await answered(first, response)).headers.get('x-eccos-core')).toBe('a:b');
    expect(first.last.request.params.cores).toEqual(['a:b', 'c']);
  });

  test.each([
    ['an unknown model', { model: 'gpt-9' }, {}, 404, 'model'],
    ['an unknown option', { model: 'auto:speed=1' }, {}, 400, 'model'],
    ['an option without a number', { model: 'auto:quality=' }, {}, 400, 'model: quality'],
    ['a header without a number', {}, { 'x-eccos-priority': 'high' }, 400, 'x-eccos-priority'],
    ['a priority out of range', {}, { 'x-eccos-priority': '70' }, 400, 'priority'],
    ['a parent that is no process', {}, { 'x-eccos-parent': '999' }, 404, 'parent'],
  ])('%s is refused', async (_, more, headers, status, param) => {
    const { url } = await oneCore();
    const response = await post(url + CHAT, ask(more), headers as Record<string, string>);
    const { error } = (await response.json()) as { error: object };
    expect([response.status, response.headers.get('x-should-retry')]).toEqual([status, 'false']);
    expect(error).toMatchObject({ param, type: 'invalid_request_error', message: expect.any(String) });
  });

  test('a traceparent goes with the call, and one that is not valid is left out', async () => {
    const { core, url } = await oneCore();
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    await answered(core, post(url + CHAT, ask(), { traceparent }));
    expect(core.requests[0]?.request.params.trace).toEqual({ traceparent });
    const response = await answered(core, post(url + CHAT, ask(), { traceparent: '00-xyz' }), 2);
    expect([response.status, core.requests[1]?.request.params.trace]).toEqual([200, undefined]);
  });

  test('what has no effect is named', async () => {
    const { core, url } = await oneCore();
    const sent = post(url + CHAT, ask({ store: true, logit_bias: { 5: 1 }, prompt_cache_key: null }));
    expect((await answered(core, sent)).headers.get('x-eccos-ignored')).toBe('store, logit_bias');
  });
});

describe('a request with Idempotency-Key', () => {
  const KEY = { 'idempotency-key': 'retry-1' };

  test('goes on when its connection is cut, and a repeat gets the one answer', async () => {
    const { core, url, kernel } = await oneCore();
    const abort = new AbortController();
    const cut = post(url + CHAT, ask(), KEY, abort.signal).catch((error: Error) => error.name);
    await asked(core);
    abort.abort();
    expect(await cut).toBe('AbortError');
    const again = post(url + CHAT, ask(), KEY);
    await new Promise((resolve) => setTimeout(resolve, 50));
    core.last.say('the one answer').finish();
    const first = await (await again).text();
    expect(first).toContain('the one answer');
    const idOf = (text: string) => (JSON.parse(text) as { id: string }).id;
    expect(idOf(await (await post(url + CHAT, ask(), KEY)).text())).toBe(idOf(first));
    expect([core.requests.length, kernel.stats().syscalls.accepted]).toEqual([1, 1]);
  });

  test('streams all of its text to a repeat, and refuses another request', async () => {
    const { core, url } = await oneCore();
    const abort = new AbortController();
    void post(url + CHAT, ask({ stream: true }), KEY, abort.signal).catch(() => {});
    await asked(core);
    core.last.say('half ');
    await new Promise((resolve) => setTimeout(resolve, 50));
    abort.abort();
    const again = post(url + CHAT, ask({ stream: true }), KEY);
    await new Promise((resolve) => setTimeout(resolve, 50));
    core.last.say('and half').finish();
    const pieces = (await eventsOf(await again)).flatMap(({ data }) =>
      data.startsWith('{') ? (JSON.parse(data).choices[0]?.delta?.content ?? []) : [],
    );
    expect(pieces.join('')).toBe('half and half');
    const other = await post(url + CHAT, ask({ temperature: 1 }), KEY);
    expect([other.status, other.headers.get('x-should-retry')]).toEqual([409, 'false']);
  });
});

describe('agents', () => {
  test('an agent is one process over its requests, and has its own beside others', async () => {
    const { core, url, kernel } = await oneCore();
    const pidOf = async (headers: Record<string, string>, count: number, more: object = {}) =>
      (await answered(core, post(url + CHAT, ask(more), headers), count)).headers.get('x-eccos-pid');
    const agent = { 'x-eccos-agent': 'one' };
    expect([await pidOf(agent, 1), await pidOf(agent, 2)]).toEqual(['1', '1']);
    expect(await pidOf({}, 3, { user: 'two' })).toBe('2');
    expect(await pidOf({ 'user-agent': 'OpenAI/JS 6.49.0' }, 4)).toBe('3');
    expect(kernel.stats().agents).toBe(3);
  });

  test('it goes some time after its last request, a parent only after its children', async () => {
    const { core, url, kernel } = await oneCore({ limits: { httpAgentMs: 40 } });
    const headers = { 'x-eccos-agent': 'child', 'x-eccos-parent': 'parent' };
    const response = post(url + CHAT, ask(), headers);
    await asked(core);
    await new Promise((resolve) => setTimeout(resolve, 120));
    expect(kernel.stats().agents).toBe(2);
    await answered(core, response);
    await expect.poll(() => kernel.stats().agents).toBe(0);
  });

  test('killing a parent ends the calls of its children', async () => {
    const { core, url, kernel } = await oneCore();
    const child = post(url + CHAT, ask(), { 'x-eccos-agent': 'child', 'x-eccos-parent': 'parent' });
    await asked(core);
    const operator = kernel.connect({ name: 'operator' });
    const { processes } = await operator.call('kernel.ps', {});
    const pidOf = (name: string) => processes.find((process) => process.name === name)?.pid ?? 0;
    expect((await operator.call('agent.kill', { pid: pidOf('parent') })).killed).toEqual([
      pidOf('parent'),
      pidOf('child'),
    ]);
    const response = await child;
    expect([response.status, response.headers.get('x-should-retry')]).toEqual([499, 'false']);
    expect((await answered(core, post(url + CHAT, ask(), { 'x-eccos-agent': 'child' }), 2)).status).toBe(200);
  });

  test('where the table of processes is full, the longest idle agent makes room', async () => {
    const { core, url } = await oneCore({ limits: { maxAgents: 2 } });
    for (const [at, name] of ['a', 'b', 'c', 'd'].entries()) {
      expect((await answered(core, post(url + CHAT, ask(), { 'x-eccos-agent': name }), at + 1)).status).toBe(200);
    }
    const open = ['e', 'f'].map((name) => post(url + CHAT, ask(), { 'x-eccos-agent': name }));
    await asked(core, 6);
    const refused = await post(url + CHAT, ask(), { 'x-eccos-agent': 'g' });
    expect([refused.status, refused.headers.get('x-should-retry'), refused.headers.get('retry-after')]).toEqual([
      429,
      'true',
      '1',
    ]);
    for (const request of core.requests.slice(-2)) request.finish();
    await Promise.all(open);
  });

  test('two agents take turns under round-robin', async () => {
    const { core, url } = await oneCore({ policy: 'round-robin', cap: 1 });
    const names = ['a', 'a', 'a', 'b'];
    const open = [];
    for (const name of names) {
      open.push(post(url + CHAT, ask({ messages: [{ role: 'user', content: name }] }), { 'x-eccos-agent': name }));
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    for (let n = 1; n <= names.length; n++) (await asked(core, n)).say('ok').finish();
    await Promise.all(open);
    const order = core.requests.map(({ request }) => request.params.messages[0]?.content);
    expect(order.slice(0, 3)).toContain('b');
  });
});

describe('streams', () => {
  test('pieces come as they are written, and a failure after the first one ends the call', async () => {
    const cores = [new ScriptedCore('a'), new ScriptedCore('b')];
    const { url } = await scriptedWorld(cores);
    const sent = post(url + CHAT, ask({ stream: true }));
    const [first, second] = cores as [ScriptedCore, ScriptedCore];
    (await asked(first)).say('half');
    const response = await sent;
    first.last.fail(new SyscallError('core-failed', 'The provider broke off'));
    const events = await eventsOf(response);
    expect([response.status, second.requests.length]).toEqual([200, 0]);
    expect(events.map(({ data }) => data)).not.toContain('[DONE]');
    expect(JSON.parse(events.at(-1)?.data ?? '')).toMatchObject({ error: { code: 'core_failed' } });
  });

  test('a failure before the first piece goes to another core, or has a status of its own', async () => {
    const cores = [new ScriptedCore('a'), new ScriptedCore('b')];
    const { url } = await scriptedWorld(cores, { limits: { maxAttempts: 2 } });
    const [first, second] = cores as [ScriptedCore, ScriptedCore];
    const sent = post(url + CHAT, ask({ stream: true }));
    (await asked(first)).fail(new SyscallError('core-failed', 'no'));
    (await asked(second)).say('ok').finish();
    expect((await eventsOf(await sent)).at(-1)?.data).toBe('[DONE]');
    const again = post(url + CHAT, ask({ stream: true }));
    (await asked(first, 2)).fail(new SyscallError('core-failed', 'no'));
    (await asked(second, 2)).fail(new SyscallError('core-failed', 'no'));
    expect((await again).status).toBe(502);
  });

  test('its head goes out after a while, and comments keep it open', async () => {
    const { core, url } = await oneCore({ limits: { streamHeadMs: 20, streamBeatMs: 10 } });
    const response = await post(url + CHAT, ask({ stream: true }));
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8']);
    await new Promise((resolve) => setTimeout(resolve, 50));
    core.last.fail(new SyscallError('core-rejected', 'no'));
    const text = await response.text();
    expect(text).toMatch(/^(: waiting\n\n){2,}data: \{"error"/);
  });

  test('the last comment has what was not known before', async () => {
    const { core, url } = await oneCore();
    const sent = post(url + CHAT, ask({ stream: true }));
    (await asked(core)).say('ok').finish();
    const response = await sent;
    expect(response.headers.get('x-eccos-core')).toBe('gpt-test');
    const last = (await response.text()).trim().split('\n\n').at(-1) ?? '';
    expect(JSON.parse(last.replace(': eccos ', ''))).toMatchObject({ core: 'gpt-test', costUsd: 0.001, attempts: 1 });
  });

  test('the deadline ends it before the SDK would', async () => {
    const { url } = await oneCore();
    const response = await post(url + CHAT, ask(), { 'x-stainless-timeout': '0.3' });
    expect([response.status, response.headers.get('x-should-retry')]).toEqual([504, 'false']);
    expect(await response.json()).toMatchObject({ error: { code: 'deadline_exceeded' } });
  });
});

describe('limits', () => {
  test('a full kernel says when to try again, in both headers', async () => {
    const { core, url } = await oneCore({ limits: { pendingTotal: 1 } });
    const open = post(url + CHAT, ask());
    await asked(core);
    const { status, headers } = await post(url + CHAT, ask());
    expect([status, headers.get('x-should-retry')]).toEqual([429, 'true']);
    expect(Number(headers.get('retry-after-ms'))).toBeGreaterThan(0);
    expect(Number(headers.get('retry-after'))).toBe(Math.ceil(Number(headers.get('retry-after-ms')) / 1000));
    core.last.finish();
    await open;
  });

  test('a wait is never longer than a minute', async () => {
    const { core, url } = await oneCore({ limits: { maxAttempts: 1 } });
    const sent = post(url + CHAT, ask());
    (await asked(core)).fail(new SyscallError('core-failed', 'HTTP 429', { retryAfterMs: 3_600_000 }));
    expect((await sent).headers.get('retry-after')).toBe('60');
  });

  test('a token has so many requests a second', async () => {
    const { url } = await oneCore({ limits: { requestsPerSecond: 2 } });
    const statuses = [];
    for (let n = 0; n < 3; n++) statuses.push((await fetch(`${url}/v1/models`)).status);
    expect(statuses).toEqual([200, 200, 429]);
  });

  test('text has a limit, and images have one of their own', async () => {
    const { core, url } = await oneCore({ limits: { maxMessageBytes: 20_000, maxRequestBytes: 100_000 } });
    const parts = (image: number, text: number) =>
      ask({
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: 'x'.repeat(text) },
              { type: 'image_url', image_url: { url: `data:image/png;base64,${'A'.repeat(image)}` } },
            ],
          },
        ],
      });
    expect((await answered(core, post(url + CHAT, parts(60_000, 10)))).status).toBe(200);
    for (const body of [parts(10, 30_000), parts(200_000, 10)]) {
      const response = await post(url + CHAT, body);
      expect([response.status, await response.json()]).toMatchObject([413, { error: { code: 'request_too_large' } }]);
    }
  });

  test('headers that are too long, and a body that does not come', async () => {
    const { url } = await oneCore({ limits: { handshakeTimeoutMs: 100, requestTimeoutMs: 200 } });
    const long = await post(url + CHAT, ask(), { 'x-long': 'x'.repeat(10_000) });
    expect([long.status, await long.json()]).toMatchObject([431, { error: { type: 'invalid_request_error' } }]);
    const status = await new Promise((resolve, reject) => {
      const slow = httpRequest(url + CHAT, { method: 'POST', headers: { 'content-length': '100' } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      slow.on('error', reject);
      slow.write('{');
    });
    expect(status).toBe(408);
  });

  test.each([
    ['{', 400],
    ['[]', 400],
    ['"text"', 400],
    [`{"messages":${'['.repeat(100)}${']'.repeat(100)}}`, 400],
  ])('a body that is %j is refused', async (body, status) => {
    const { url } = await oneCore();
    const response = await post(url + CHAT, body);
    expect([response.status, await response.json()]).toMatchObject([
      status,
      { error: { message: expect.stringMatching(/^body: Expected/) } },
    ]);
  });
});

describe('security', () => {
  const token = { name: 'app', sha256: createHash('sha256').update('secret').digest('hex') };

  test('a token comes as a bearer or as a key, and its cores are all that there is', async () => {
    const cores = [new ScriptedCore('a'), new ScriptedCore('b')];
    const { url } = await scriptedWorld(cores, { tokens: [{ ...token, cores: ['b'] }] });
    const models = async (headers: Record<string, string>) => (await fetch(`${url}/v1/models`, { headers })).json();
    const data = [{ id: 'auto' }, { id: 'b' }];
    expect(await models({ authorization: 'Bearer secret' })).toMatchObject({ data });
    expect(await models({ 'x-api-key': 'secret' })).toMatchObject({ data });
    const refused = await post(url + CHAT, ask(), { authorization: 'Bearer wrong' });
    expect([refused.status, refused.headers.get('x-should-retry'), await refused.json()]).toMatchObject([
      401,
      'false',
      { error: { code: 'invalid_api_key' } },
    ]);
    expect((await post(url + CHAT, ask({ model: 'a' }), { 'x-api-key': 'secret' })).status).toBe(404);
  });

  test('pages of allowed origins may ask, after the question that browsers put first', async () => {
    const { core, url } = await oneCore({ listen: { allowedOrigins: ['https://app.example'] }, tokens: [token] });
    const origin = 'https://app.example';
    const question = {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,x-eccos-agent',
    };
    const preflight = await fetch(url + CHAT, { method: 'OPTIONS', headers: question });
    expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([204, origin]);
    expect(preflight.headers.get('access-control-allow-headers')).toBe('authorization,x-eccos-agent');
    const answer = await answered(core, post(url + CHAT, ask(), { origin, authorization: 'Bearer secret' }));
    expect(answer.headers.get('access-control-allow-origin')).toBe(origin);
    const other = await fetch(url + CHAT, {
      method: 'OPTIONS',
      headers: { ...question, origin: 'https://evil.example' },
    });
    expect([other.status, other.headers.get('access-control-allow-origin')]).toEqual([403, null]);
  });

  test('an unknown path has an answer too', async () => {
    const { url } = await oneCore();
    for (const response of [await fetch(`${url}/v1/files`), await post(`${url}/v1/embeddings`, {})]) {
      expect([response.status, await response.json()]).toMatchObject([
        404,
        { error: { type: 'invalid_request_error' } },
      ]);
    }
  });
});

test('an answer is rated by the id that its API gave it, once', async () => {
  const { core, url } = await oneCore();
  const { id } = (await (await answered(core, post(url + CHAT, ask()))).json()) as { id: string };
  const rate = async (body: object) => (await post(`${url}/v1/eccos/feedback`, body)).status;
  expect(await rate({ id, quality: 1 })).toBe(200);
  expect(await rate({ id, quality: 1 })).toBe(400);
  expect(await rate({ id: 'chatcmpl-none', quality: 1 })).toBe(404);
  expect(await rate({ id, quality: 7 })).toBe(400);
});

test('a kernel that stops says so, and no call stays open', async () => {
  const { core, url, kernel } = await oneCore();
  const whole = post(url + CHAT, ask());
  const stream = post(url + CHAT, ask({ stream: true }));
  await asked(core, 2);
  core.last.say('half');
  const events = eventsOf(await stream);
  await kernel.stop();
  const response = await whole;
  expect([response.status, response.headers.get('x-should-retry')]).toEqual([503, 'true']);
  expect(JSON.parse((await events).at(-1)?.data ?? '')).toMatchObject({ error: { code: 'draining' } });
});
