import { describe, expect, test } from 'vitest';
import type { FakeReply } from '../../../support/fake-reply.js';
import { ask, callOf, errorOf } from '../ask.js';
import { CANARY_KEY, provider } from './provider-world.js';

const TEXT = 'one two three four five six';

/** Waits for what the fake sees a moment later: the closing of a connection. */
const eventually = (check: () => unknown) => expect.poll(check, { interval: 2 });

describe('a failing provider', () => {
  const status = (code: number, headers: Record<string, string> = {}): FakeReply => ({
    fault: {
      kind: 'status',
      status: code,
      headers,
      body: `{"error":{"message":"no key ${CANARY_KEY}, Secret prompt"}}`,
    },
  });

  test.each<[string, FakeReply, object, RegExp]>([
    ['HTTP 500', status(500), { retryAfterMs: undefined }, /HTTP 500/],
    ['HTTP 503 with a pause', status(503, { 'retry-after': '2' }), { retryAfterMs: 2000 }, /HTTP 503/],
    ['HTTP 429 in seconds', status(429, { 'retry-after': '1.5' }), { retryAfterMs: 1500 }, /HTTP 429/],
    [
      'HTTP 429 in milliseconds',
      status(429, { 'retry-after-ms': '70', 'retry-after': '9' }),
      { retryAfterMs: 70 },
      /429/,
    ],
    ['HTTP 429 for a year', status(429, { 'retry-after': '31536000' }), { retryAfterMs: 600_000 }, /429/],
    ['HTTP 429 in nonsense', status(429, { 'retry-after': 'soon' }), { retryAfterMs: undefined }, /429/],
    ['a bad key', status(401), {}, /HTTP 401/],
    ['a reset', { text: TEXT, fault: { kind: 'reset', after: 2 } }, {}, /failed: ECONNRESET/],
    ['a cut stream', { text: TEXT, fault: { kind: 'cut', after: 2 } }, {}, /ended without its end mark/],
    ['broken JSON', { text: TEXT, fault: { kind: 'broken-json', after: 2 } }, {}, /broken JSON/],
    [
      'an error event',
      { text: TEXT, fault: { kind: 'error-event', after: 2, message: CANARY_KEY } },
      {},
      /HTTP 500: \[key\]/,
    ],
  ])('by %s fails the call, and shows no key', async (_, reply, expected, message) => {
    const { core, fake } = await provider(reply);
    const error = await errorOf(ask(core, callOf('Secret prompt')).result);
    expect(error).toMatchObject({ code: 'core-failed', message: expect.stringMatching(message), ...expected });
    expect(String((error as Error).stack) + JSON.stringify(error) + String((error as Error).cause)).not.toMatch(
      /canary/,
    );
    expect(fake.requests.length).toBe(1);
    await eventually(() => fake.running).toBe(0);
  });

  test('with an HTTP date names the pause until then', async () => {
    const { core } = await provider(status(429, { 'retry-after': new Date(Date.now() + 60_000).toUTCString() }));
    const error = await errorOf(ask(core, callOf('q')).result);
    expect(error).toMatchObject({ code: 'core-failed' });
    expect(Math.abs((error as { retryAfterMs: number }).retryAfterMs - 60_000)).toBeLessThan(5_000);
  });

  test.each([400, 413, 422])('by HTTP %i rejects the call: another try cannot help', async (code) => {
    const { core } = await provider(status(code));
    expect(await errorOf(ask(core, callOf('q')).result)).toMatchObject({ code: 'core-rejected', retryable: false });
  });

  test('that is not there at all fails the call', async () => {
    const { core } = await provider({}, { baseUrl: 'http://127.0.0.1:9' });
    expect(await errorOf(ask(core, callOf('q')).result)).toMatchObject({ code: 'core-failed' });
  });

  test.each<[string, FakeReply]>([
    ['hangs', { fault: { kind: 'hang' } }],
    ['never ends its header', { fault: { kind: 'slow-header' } }],
  ])('that %s fails the call after firstTokenTimeoutMs, and its request is closed', async (_, reply) => {
    const { core, fake } = await provider(reply, { firstTokenTimeoutMs: 60, idleTimeoutMs: 5_000 });
    const error = await errorOf(ask(core, callOf('q')).result);
    expect(error).toMatchObject({ code: 'core-failed', message: 'The provider was silent for 60 ms' });
    await eventually(() => fake.running).toBe(0);
  });

  test('that goes silent fails the call after idleTimeoutMs', async () => {
    const { core, fake } = await provider({ text: TEXT, fault: { kind: 'stall', after: 2 } }, { idleTimeoutMs: 60 });
    const asked = ask(core, callOf('q'));
    expect(await errorOf(asked.result)).toMatchObject({ message: 'The provider was silent for 60 ms' });
    expect(asked.text()).toBe('one two');
    await eventually(() => fake.running).toBe(0);
  });

  test('that never stops is stopped at maxResponseBytes', async () => {
    const { core, fake } = await provider({ text: TEXT, fault: { kind: 'endless' } }, { maxResponseBytes: 20_000 });
    const asked = ask(core, callOf('q'));
    expect(await errorOf(asked.result)).toMatchObject({ message: 'The response exceeds `maxResponseBytes` of 20000' });
    expect(asked.text().length).toBeLessThan(20_000);
    await eventually(() => fake.running).toBe(0);
  });

  test('that sends an endless error body is stopped too', async () => {
    const { core } = await provider(
      { fault: { kind: 'status', status: 500, body: 'x'.repeat(100_000) } },
      { maxResponseBytes: 2_000 },
    );
    expect(await errorOf(ask(core, callOf('q')).result)).toMatchObject({ code: 'core-failed' });
  });
});

describe('an aborted call', () => {
  const reason = new Error('nobody wants it');

  test.each<[string, FakeReply]>([
    ['in the middle of the stream', { text: TEXT, delayMs: 20 }],
    ['before the header', { fault: { kind: 'hang' } }],
  ])('%s rejects with its reason and closes the request', async (_, reply) => {
    const { core, fake } = await provider(reply);
    const asked = ask(core, callOf('q'));
    await eventually(() => fake.running).toBe(1);
    asked.abort(reason);
    expect(await errorOf(asked.result)).toBe(reason);
    const { length } = asked.chunks;
    await eventually(() => fake.running).toBe(0);
    expect(asked.chunks.length).toBe(length);
  });

  test('frees its slot only when the provider has seen it close', async () => {
    const { core, fake } = await provider((_request, index) =>
      index % 2 === 0 ? { fault: { kind: 'hang' } } : { text: TEXT },
    );
    for (let i = 0; i < 50; i++) {
      const asked = ask(core, callOf('q'));
      await expect.poll(() => fake.running, { interval: 1 }).toBe(1);
      asked.abort(reason);
      await errorOf(asked.result);
      await ask(core, callOf('q')).result;
    }
    expect(fake.maxInFlight.get('model-a')).toBe(1);
  });
});

test('close() ends what runs, and waits for it', async () => {
  const { core, fake } = await provider({ fault: { kind: 'hang' } });
  const asked = ask(core, callOf('q'));
  await eventually(() => fake.running).toBe(1);
  await core.close?.();
  expect(await errorOf(asked.result)).toMatchObject({ code: 'core-failed', message: 'The core is closing' });
  await eventually(() => fake.running).toBe(0);
});
