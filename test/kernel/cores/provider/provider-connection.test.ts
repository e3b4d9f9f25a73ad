import { describe, expect, test } from 'vitest';
import { realClock } from '../../../../kernel/clock.js';
import { providerConfig } from '../../../../kernel/cores/provider/model/provider-config.js';
import { providerCore } from '../../../../kernel/cores/provider/provider.js';
import { FakeOpenAI } from '../../../support/fake-openai.js';
import type { FakeReply } from '../../../support/fake-reply.js';
import { ask, callOf, errorOf } from '../ask.js';
import { CANARY_KEY, provider } from './provider-world.js';
import { provider as serving } from './transport/transport-world.js';

const PROVIDERS = ['openai-compatible', 'openai', 'anthropic', 'google'] as const;
const refused = { fault: { kind: 'status', status: 400 } } as const;

describe.each(PROVIDERS)('provider %s', (name) => {
  test('receives the headers of the config, in place of its own where they meet', async () => {
    const headers = { 'X-Team': 'blue', 'USER-AGENT': 'us/1', 'Anthropic-Version': '2099-01-01' };
    const { core, fake } = await provider(refused, { provider: name, headers });
    await errorOf(ask(core, callOf('q')).result);
    expect(fake.requests[0]?.headers).toMatchObject({
      'x-team': 'blue',
      'user-agent': expect.stringMatching(/^us\/1/),
      'anthropic-version': '2099-01-01',
      'accept-encoding': 'identity',
    });
  });

  test('receives the parameters of the config behind its own', async () => {
    const urls: (string | undefined)[] = [];
    const { url } = await serving((request, response) => {
      urls.push(request.url);
      request.resume().on('end', () => response.writeHead(400).end('{}'));
    });
    const query = { 'api-version': '2026-01-01', tag: 'a&b=ü +' };
    const { core } = await provider({}, { provider: name, baseUrl: url, query });
    await errorOf(ask(core, callOf('q')).result);
    const { searchParams } = new URL(urls[0] ?? '', url);
    expect(Object.fromEntries(searchParams)).toEqual({ ...query, ...(name === 'google' ? { alt: 'sse' } : {}) });
  });

  test('receives well-formed Unicode in texts, names and descriptions', async () => {
    const { core, fake } = await provider(refused, { provider: name });
    const parameters = { type: 'object', properties: { 'p\ud83d': { type: 'string', description: 'half \ude00' } } };
    const tools = [{ type: 'function' as const, function: { name: 'find', description: 'finds \ud83d', parameters } }];
    await errorOf(ask(core, callOf('cut \ud83d', { tools })).result);
    const sent = JSON.stringify(fake.requests[0]?.body);
    expect(sent).toMatch(/cut \ufffd/);
    expect(sent).toMatch(/finds \ufffd/);
    expect(sent).toMatch(/p\ufffd/);
    expect(sent).not.toMatch(/\\ud[89a-f]/i);
  });

  test('with several keys answers by the next one when the first is at its limit', async () => {
    const fake = await FakeOpenAI.start(({ headers }) =>
      JSON.stringify(headers).includes('key-one')
        ? { fault: { kind: 'status', status: 429, headers: { 'retry-after': '30' } } }
        : refused,
    );
    const config = { kind: 'provider', id: 'core', model: 'm', price: { inputPerMTok: 1, outputPerMTok: 1 } };
    const decoded = providerConfig.parse({
      ...config,
      provider: name,
      baseUrl: fake.baseUrl,
      apiKeyEnv: ['ONE', 'TWO'],
    });
    const core = await providerCore(decoded, { clock: realClock, seed: 1, env: { ONE: 'key-one', TWO: 'key-two' } });
    for (let i = 0; i < 2; i++) await errorOf(ask(core, callOf('q')).result);
    expect(fake.requests.map(({ headers }) => /key-\w+/.exec(JSON.stringify(headers))?.[0])).toEqual([
      'key-one',
      'key-two',
      'key-two',
    ]);
    await core.close?.();
    await fake.stop();
  });
});

test('a core whose keys all pause reports the shortest pause, and asks nobody', async () => {
  const fake = await FakeOpenAI.start((_, index) => ({
    fault: { kind: 'status', status: 429, headers: { 'retry-after': index === 0 ? '30' : '20' } },
  }));
  const config = { kind: 'provider', id: 'core', model: 'm', price: { inputPerMTok: 1, outputPerMTok: 1 } };
  const decoded = providerConfig.parse({ ...config, baseUrl: fake.baseUrl, apiKeyEnv: ['ONE', 'TWO'] });
  const core = await providerCore(decoded, { clock: realClock, seed: 1, env: { ONE: 'key-one', TWO: 'key-two' } });
  for (let i = 0; i < 2; i++) {
    const error = (await errorOf(ask(core, callOf('q')).result)) as { retryAfterMs: number };
    expect(error.retryAfterMs).toBeGreaterThan(15_000);
    expect(error.retryAfterMs).toBeLessThanOrEqual(20_000);
  }
  expect(fake.requests).toHaveLength(2);
  await core.close?.();
  await fake.stop();
});

test('organization and project go to openai', async () => {
  const { core, fake } = await provider(refused, { provider: 'openai', organization: 'org-1', project: 'proj-2' });
  await errorOf(ask(core, callOf('q')).result);
  expect(fake.requests[0]?.headers).toMatchObject({ 'openai-organization': 'org-1', 'openai-project': 'proj-2' });
});

test.each([
  [{}, { include_usage: true }],
  [{ streamOptions: true }, { include_usage: true }],
  [{ streamOptions: false }, undefined],
])('with %j, stream_options are %j', async (config, expected) => {
  const { core, fake } = await provider({}, config);
  await ask(core, callOf('q')).result;
  expect(fake.requests[0]?.body['stream_options']).toEqual(expected);
});

test('a secret in headers that the provider repeats is in no error', async () => {
  const reply = {
    fault: { kind: 'status', status: 400, body: `{"error":{"message":"no ${CANARY_KEY}, team is blue"}}` },
  };
  const { core } = await provider(reply as FakeReply, { headers: { 'x-secret': CANARY_KEY, 'x-team': 'blue' } });
  const { message } = (await errorOf(ask(core, callOf('q')).result)) as Error;
  expect(message).toMatch(/team is blue/);
  expect(message).not.toMatch(/canary/);
});

test('a secret in headers and parameters is in no error', async () => {
  const config = {
    headers: { 'x-secret': CANARY_KEY },
    query: { secret: CANARY_KEY },
    baseUrl: 'http://127.0.0.1:9/v1',
  };
  const { core } = await provider({}, config);
  const error = (await errorOf(ask(core, callOf('q')).result)) as Error;
  expect([error.message, error.stack, String(error.cause)].join()).not.toMatch(/canary/);
});
