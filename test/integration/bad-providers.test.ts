import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { realClock } from '../../kernel/clock.js';
import type { LLMCore } from '../../kernel/cores/core.js';
import { providerConfig } from '../../kernel/cores/provider/model/provider-config.js';
import { providerCore } from '../../kernel/cores/provider/provider.js';
import { FakeOpenAI } from '../support/fake-openai.js';
import type { Fault } from '../support/fake-reply.js';
import { ask, errorOf, kernelOn, spawnOn } from '../support/kernel.js';

const FAULTS: Record<string, Fault> = {
  '429 with Retry-After': { kind: 'status', status: 429, headers: { 'retry-after-ms': '40' } },
  'HTTP 503': { kind: 'status', status: 503 },
  'a hang': { kind: 'hang' },
  'a stall in mid-stream': { kind: 'stall', after: 2 },
  'a slow header': { kind: 'slow-header' },
  'a reset in mid-stream': { kind: 'reset', after: 2 },
  'a stream cut without its end mark': { kind: 'cut', after: 2 },
  'broken JSON': { kind: 'broken-json', after: 1 },
  'an endless stream': { kind: 'endless' },
  'a redirect': { kind: 'redirect', to: 'http://169.254.169.254/latest/meta-data' },
};

let good: FakeOpenAI;
let bad: FakeOpenAI;
beforeAll(async () => {
  [good, bad] = await Promise.all([FakeOpenAI.start(), FakeOpenAI.start()]);
  good.answer({ text: 'a whole answer', delayMs: 1 });
});
afterAll(() => Promise.all([good.stop(), bad.stop()]));

function core(id: string, fake: FakeOpenAI, more: object = {}): Promise<LLMCore> {
  const config = providerConfig.parse({
    kind: 'provider',
    id,
    model: id,
    price: { inputPerMTok: 1, outputPerMTok: 10 },
    baseUrl: fake.baseUrl,
    apiKeyEnv: 'KEY',
    cap: 2,
    firstTokenTimeoutMs: 150,
    idleTimeoutMs: 150,
    maxResponseBytes: 65_536,
    breaker: { failures: 3, halfOpenAfterMs: 200 },
    ...more,
  });
  return providerCore(config, { clock: realClock, seed: 1, env: { KEY: 'sk-test' } });
}

describe.each(['fifo', 'round-robin', 'eccos'])('%s', (policy) => {
  test.each(
    Object.entries(FAULTS),
  )('with %s at one provider, every call is answered whole by another, and caps hold', async (_, fault) => {
    bad.answer({ text: 'half an answer', fault });
    // A loaded machine may be slow to answer, which is no fault of the good one.
    const patient = { firstTokenTimeoutMs: 10_000, idleTimeoutMs: 10_000 };
    const cores = [await core('bad', bad), await core('good', good, patient)];
    const kernel = kernelOn(realClock, cores, { policy, limits: { maxAttempts: 5 } });
    const agents = [await spawnOn(kernel), await spawnOn(kernel)];
    const replies = await Promise.all(
      Array.from({ length: 12 }, (_, n) =>
        agents[n % 2]?.session.call('llm.chat', ask(`question ${n}`, { stream: true })),
      ),
    );
    expect(replies.map((reply) => [reply?.text, reply?.core])).toEqual(replies.map(() => ['a whole answer', 'good']));
    expect(Math.max(...bad.maxInFlight.values(), ...good.maxInFlight.values())).toBeLessThanOrEqual(2);
    await kernel.stop();
    await expect.poll(() => bad.running + good.running).toBe(0);
    await expect.poll(async () => (await bad.connections()) + (await good.connections())).toBe(0);
  });
});

test('a stream that was cut is never done', async () => {
  bad.answer({ text: 'half an answer', fault: { kind: 'cut', after: 2 } });
  const kernel = kernelOn(realClock, [await core('bad', bad)], {
    limits: { maxAttempts: 2, retryBackoffMs: { base: 1, max: 1 } },
  });
  const { session } = await spawnOn(kernel);
  expect(await errorOf(session.call('llm.chat', ask()))).toMatchObject({ code: 'core-failed', retryable: true });
  await kernel.stop();
});

test('the breaker opens, lets one call through when half open, and closes when that one is answered', async () => {
  bad.answer({ fault: { kind: 'status', status: 500 } });
  const kernel = kernelOn(realClock, [await core('bad', bad, { cap: 4 })], {
    limits: { maxAttempts: 1 },
  });
  const { session } = await spawnOn(kernel);
  const before = bad.requests.length;
  await Promise.all(Array.from({ length: 3 }, () => errorOf(session.call('llm.chat', ask()))));
  expect(kernel.cores()[0]?.state).toBe('cooling');
  bad.answer({ text: 'well again', delayMs: 30 });
  bad.maxInFlight.clear();
  const replies = await Promise.all(Array.from({ length: 6 }, () => session.call('llm.chat', ask())));
  expect(replies.map(({ text }) => text)).toEqual(replies.map(() => 'well again'));
  const starts = replies.map(({ times }) => times.started).sort((a, b) => a - b);
  const firstEnd = Math.min(...replies.map(({ times }) => times.ended));
  expect(starts.filter((at) => at < firstEnd)).toHaveLength(1);
  expect(bad.requests.length - before).toBe(9);
  await kernel.stop();
});
