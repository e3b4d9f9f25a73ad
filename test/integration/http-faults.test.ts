import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventsOf, post, providerWorld } from '../kernel/doors/http/http-world.js';
import { FakeOpenAI } from '../support/fake-openai.js';
import type { FakeReply, Fault } from '../support/fake-reply.js';

const WORDS = 'half of an answer';
/** Faults before the first token, and after it. */
const EARLY: Record<string, Fault> = {
  '429 with Retry-After': { kind: 'status', status: 429, headers: { 'retry-after-ms': '40' } },
  'HTTP 503': { kind: 'status', status: 503 },
  'a hang': { kind: 'hang' },
  'a stall': { kind: 'stall', after: 0 },
  'a slow header': { kind: 'slow-header' },
  'a reset': { kind: 'reset', after: 0 },
  'a cut': { kind: 'cut', after: 0 },
  'broken JSON': { kind: 'broken-json', after: 0 },
  'a redirect': { kind: 'redirect', to: 'http://169.254.169.254/latest/meta-data' },
};
const LATE: Record<string, Fault> = {
  'a stall': { kind: 'stall', after: 2 },
  'a reset': { kind: 'reset', after: 2 },
  'a cut': { kind: 'cut', after: 2 },
  'broken JSON': { kind: 'broken-json', after: 2 },
  'an error': { kind: 'error-event', after: 2, message: 'no' },
  'an endless stream': { kind: 'endless' },
};

const messages = [{ role: 'user', content: 'x' }];
/** Each API, its marks of an end, and its mark of a failure. */
const APIS = {
  '/v1/chat/completions': { body: { messages }, end: /\[DONE\]|"finish_reason":"/, failure: /"error":\{"message"/ },
  '/v1/responses': { body: { input: 'x' }, end: /response\.completed/, failure: /event: error\n/ },
  '/v1/messages': { body: { messages, max_tokens: 9 }, end: /message_stop|"stop_reason":"/, failure: /event: error\n/ },
} as const;

let fake: FakeOpenAI;
beforeAll(async () => {
  fake = await FakeOpenAI.start();
});
afterAll(() => fake.stop());

async function worldWith(reply: FakeReply) {
  fake.answer(reply);
  const patience = { firstTokenTimeoutMs: 150, idleTimeoutMs: 150, maxResponseBytes: 65_536 };
  return providerWorld([{ baseUrl: fake.baseUrl, ...patience }], { limits: { maxAttempts: 1 } });
}

async function nothingIsOpen(kernel: Awaited<ReturnType<typeof worldWith>>['kernel']) {
  await expect.poll(() => kernel.stats().syscalls).toMatchObject({ running: 0, pending: 0 });
  await expect.poll(() => fake.running).toBe(0);
}

describe.each(Object.entries(APIS))('%s', (path, { body, end, failure }) => {
  test.each(
    Object.entries(EARLY),
  )('with %s before the first token, a stream has a status of its own', async (_, fault) => {
    const { url, kernel } = await worldWith({ text: WORDS, fault });
    const answers = await Promise.all([post(url + path, { ...body, stream: true }), post(url + path, body)]);
    for (const response of answers) {
      expect([response.status, response.headers.get('content-type')]).toEqual([expect.any(Number), 'application/json']);
      expect(response.status).toBeGreaterThanOrEqual(500);
      expect(['true', 'false']).toContain(response.headers.get('x-should-retry'));
      expect(await response.json()).toMatchObject({ error: { message: expect.any(String), type: expect.any(String) } });
    }
    await nothingIsOpen(kernel);
  });

  test.each(
    Object.entries(LATE),
  )('with %s after the first token, a stream says so and does not look complete', async (_, fault) => {
    const { url, kernel } = await worldWith({ text: WORDS, fault });
    const response = await post(url + path, { ...body, stream: true });
    expect(response.status).toBe(200);
    const text = await response.text();
    expect(text).toMatch(failure);
    expect(text).not.toMatch(end);
    const whole = await post(url + path, body);
    expect(whole.status).toBe(502);
    await nothingIsOpen(kernel);
  });

  test('without a fault, a stream looks complete', async () => {
    const { url } = await worldWith({ text: WORDS });
    expect(await (await post(url + path, { ...body, stream: true })).text()).toMatch(end);
  });
});

test('aborts at random moments leave nothing open, here and at the provider', async () => {
  const { url, kernel } = await worldWith({ text: 'word '.repeat(100), delayMs: 2 });
  const count = Number(process.env['ABORTS'] ?? 500);
  let cut = 0;
  const one = async (n: number) => {
    const controller = new AbortController();
    const [path, { body }] = Object.entries(APIS)[n % 3] as [string, { body: object }];
    setTimeout(() => controller.abort(), (n * 7919) % 150);
    try {
      await eventsOf(await post(url + path, { ...body, stream: n % 2 === 0 }, {}, controller.signal));
    } catch {
      cut++;
    }
  };
  for (let n = 0; n < count; n += 10) await Promise.all(Array.from({ length: 10 }, (_, at) => one(n + at)));
  const start = performance.now();
  await expect
    .poll(() => [kernel.stats().syscalls.running, kernel.stats().syscalls.pending, fake.running], {
      interval: 10,
    })
    .toEqual([0, 0, 0]);
  process.stderr.write(`${cut} of ${count} aborted; nothing open after ${Math.round(performance.now() - start)} ms\n`);
  expect(cut).toBeGreaterThan(count / 2);
});
