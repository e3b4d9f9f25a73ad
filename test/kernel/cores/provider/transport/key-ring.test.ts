import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../../../../../kernel/clock.js';
import { KeyRing } from '../../../../../kernel/cores/provider/transport/key-ring.js';
import { errorOf } from '../../ask.js';

type Provider = 'openai-compatible' | 'openai' | 'anthropic' | 'google';
type Answer = readonly [status: number, headers?: Record<string, string>, body?: string];

const ENV = { A: 'key-a', B: 'key-b', C: ' key-c\n' };

/** A ring before a provider that answers each key as `answers` say; a list is used up one by one, its last one stays. */
function ringWith(
  names: readonly string[],
  answers: Record<string, readonly Answer[]> = {},
  provider: Provider = 'openai',
) {
  let now = 1_000;
  const clock = Object.assign(new VirtualClock(), { now: () => now });
  const lines: unknown[] = [];
  const log = { warn: (...line: unknown[]) => void lines.push(line) };
  const ring = new KeyRing({ id: 'core', provider, names, env: ENV, maxPauseMs: 600_000, clock, log });
  const used: string[] = [];
  const heads: Headers[] = [];
  const rest = new Map(Object.entries(answers).map(([key, list]) => [key, [...list]]));
  const send = ring.around(async (_, init) => {
    const headers = new Headers(init?.headers);
    heads.push(headers);
    const key = /key-(\w)/.exec([...headers.values()].join())?.[1]?.toUpperCase() ?? 'none';
    used.push(key);
    const list = rest.get(key) ?? [];
    const [status = 200, given = {}, body = 'ok'] = (list.length > 1 ? list.shift() : list[0]) ?? [];
    return new Response(body, { status, headers: given });
  });
  const post = () => send('https://api.test/v1', { method: 'POST', headers: { authorization: 'Bearer ' }, body: '{}' });
  return {
    ring,
    used,
    heads,
    lines,
    post,
    wait: (ms: number) => {
      now += ms;
    },
  };
}

describe('a key goes to', () => {
  test.each<[Provider, string, string]>([
    ['openai-compatible', 'authorization', 'Bearer key-a'],
    ['openai', 'authorization', 'Bearer key-a'],
    ['anthropic', 'x-api-key', 'key-a'],
    ['google', 'x-goog-api-key', 'key-a'],
  ])('%s in %s', async (provider, header, value) => {
    for (const names of [['A'], ['A', 'B']]) {
      const { post, heads } = ringWith(names, {}, provider);
      await post();
      expect(heads[0]?.get(header)).toBe(value);
    }
  });

  test('nobody where the core has none', async () => {
    const { post, heads } = ringWith([], {}, 'openai-compatible');
    await post();
    expect([...(heads[0] ?? [])].map(([name]) => name)).toEqual(['authorization']);
  });
});

test('the first key is used as long as it can be', async () => {
  const { post, used } = ringWith(['A', 'B']);
  for (let i = 0; i < 3; i++) await post();
  expect(used).toEqual(['A', 'A', 'A']);
});

describe('a key at its limit', () => {
  test.each<[string, Answer, number]>([
    ['seconds', [429, { 'retry-after': '20' }], 20_000],
    ['fractions', [429, { 'retry-after': '0.5' }], 500],
    ['milliseconds', [429, { 'retry-after-ms': '250', 'retry-after': '9' }], 250],
    ['an HTTP date', [429, { 'retry-after': new Date(8_000).toUTCString() }], 7_000],
    ['the body of Google', [429, {}, '{"error":{"details":[{"retryDelay": "34.5s"}]}}'], 34_500],
    ['nothing', [429], 1_000],
    ['nonsense', [429, { 'retry-after': 'soon' }], 1_000],
    ['a year', [429, { 'retry-after': '31536000' }], 600_000],
  ])('pauses for as long as the answer says, in %s; the next one answers meanwhile', async (_, answer, pauseMs) => {
    const { post, used, wait } = ringWith(['A', 'B'], { A: [answer, [200]] });
    expect((await post()).status).toBe(200);
    wait(pauseMs - 1);
    await post();
    wait(1);
    await post();
    expect(used).toEqual(['A', 'B', 'B', 'A']);
  });

  test('is overload only with all others, and for the shortest pause', async () => {
    const { post, used, wait } = ringWith(['A', 'B', 'C'], {
      A: [[429, { 'retry-after': '20' }], [200]],
      B: [[429, { 'retry-after': '5' }], [200]],
      C: [[429, { 'retry-after': '60' }, '{"error":{"message":"of C"}}']],
    });
    const first = await post();
    expect([first.status, first.headers.get('retry-after-ms')]).toEqual([429, '5000']);
    expect(await first.text()).toContain('of C');
    wait(2_000);
    const second = await post();
    expect([second.status, second.headers.get('retry-after-ms')]).toEqual([429, '3000']);
    expect(JSON.parse(await second.text())).toMatchObject({ error: { message: expect.any(String) } });
    // Nothing was sent meanwhile.
    expect(used).toEqual(['A', 'B', 'C']);
    wait(3_000);
    expect((await post()).status).toBe(200);
    expect(used).toEqual(['A', 'B', 'C', 'B']);
  });

  test('keeps its longest pause when a later answer names a shorter one', async () => {
    const { ring, used, wait, post } = ringWith(['A', 'B'], { A: [[429, { 'retry-after': '9' }], [200]] });
    // Two requests are under way with the same key.
    const slow = ring.around(async () => new Response('', { status: 429, headers: { 'retry-after': '1' } }));
    const [late] = await Promise.all([slow('https://api.test'), post()]);
    expect(late.headers.get('retry-after-ms')).toBe('1000');
    wait(1_500);
    await post();
    expect(used.slice(-1)).toEqual(['B']);
  });

  test('alone is left to the kernel: its answer comes through as it is', async () => {
    const { post, used } = ringWith(['A'], { A: [[429, { 'retry-after': '7' }, 'as it is']] });
    for (let i = 0; i < 2; i++) {
      const response = await post();
      expect([response.status, response.headers.get('retry-after'), await response.text()]).toEqual([
        429,
        '7',
        'as it is',
      ]);
    }
    expect(used).toEqual(['A', 'A']);
  });

  test.each([500, 503, 529, 400, 403, 404])('is no other than HTTP 429: %i comes through', async (status) => {
    const { post, used } = ringWith(['A', 'B'], { A: [[status]] });
    expect((await post()).status).toBe(status);
    expect(used).toEqual(['A']);
  });
});

describe('a key that is refused', () => {
  test('is left out with one log line, which does not show it', async () => {
    const { post, used, lines } = ringWith(['A', 'B'], { A: [[401]] });
    for (let i = 0; i < 3; i++) expect((await post()).status).toBe(200);
    expect(used).toEqual(['A', 'B', 'B', 'B']);
    expect(lines).toEqual([[{ core: 'core', apiKeyEnv: 'A' }, expect.stringMatching(/HTTP 401/)]]);
    expect(inspect(lines)).not.toMatch(/key-a/);
  });

  test('by two calls at once is left out once', async () => {
    const { post, lines } = ringWith(['A', 'B'], { A: [[401]] });
    await Promise.all([post(), post(), post()]);
    expect(lines).toHaveLength(1);
  });

  test('as the last one stays, and its answer comes through', async () => {
    const { post, used, lines } = ringWith(['A', 'B'], { A: [[401]], B: [[401]] });
    expect([(await post()).status, (await post()).status]).toEqual([401, 401]);
    expect(used).toEqual(['A', 'B', 'B']);
    expect(lines).toHaveLength(1);
  });

  test('does not count among those that pause', async () => {
    const { post } = ringWith(['A', 'B', 'C'], {
      A: [[401]],
      B: [[429, { 'retry-after': '8' }]],
      C: [[429, { 'retry-after': '9' }]],
    });
    expect((await post()).headers.get('retry-after-ms')).toBe('8000');
  });
});

test('what the provider throws comes through', async () => {
  const { ring } = ringWith(['A', 'B']);
  const send = ring.around(() => Promise.reject(new Error('reset')));
  expect(await errorOf(send('https://api.test'))).toMatchObject({ message: 'reset' });
});

test('keys are in no view of the ring', () => {
  expect(inspect(ringWith(['A', 'B']).ring, { depth: 9, showHidden: true })).not.toMatch(/key-/);
});
