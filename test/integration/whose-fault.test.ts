import { Writable } from 'node:stream';
import { describe, expect, onTestFinished, test } from 'vitest';
import { renderCores } from '../../agents/shell/cores.js';
import { realClock } from '../../kernel/clock.js';
import type { LLMCore } from '../../kernel/cores/core.js';
import { providerCore } from '../../kernel/cores/provider/provider.js';
import { createLogger } from '../../kernel/log.js';
import { configFor } from '../kernel/cores/provider/raw-world.js';
import { ask, errorOf, kernelOn, spawnOn } from '../support/kernel.js';
import { completion, events, google, json, RawProvider } from '../support/raw-provider.js';

type Answer = Parameters<typeof RawProvider.start>[0];
const ok: Answer = (response) => events(response, completion('ok'), { done: true });
const status =
  (code: number, error: object = { message: 'no' }, headers: Record<string, string> = {}): Answer =>
  (response) =>
    json(response, code, { error }, headers);

/** A kernel with a core for each answer, named a, b, c; what it logs is kept. */
async function world(answers: readonly Answer[], configs: readonly object[] = []) {
  const lines: Record<string, unknown>[] = [];
  const sink = new Writable({ write: (text, _, done) => done(void lines.push(JSON.parse(String(text)))) });
  const log = createLogger({ level: 'info' }, sink);
  const providers = await Promise.all(answers.map((answer) => RawProvider.start(answer)));
  const cores: LLMCore[] = await Promise.all(
    providers.map(({ origin }, index) => {
      const id = 'abc'[index];
      const config = configFor(origin, { id, breaker: { failures: 2, halfOpenAfterMs: 10_000 }, ...configs[index] });
      return providerCore(config, { clock: realClock, seed: 1, env: { KEY: 'key-of-the-test' }, log });
    }),
  );
  const kernel = kernelOn(realClock, cores, { limits: { retryBackoffMs: { base: 1, max: 5 } }, log });
  const { session } = await spawnOn(kernel);
  onTestFinished(async () => {
    await kernel.stop();
    await Promise.all(providers.map((provider) => provider.stop()));
  });
  const chat = (text = 'hi', more: Record<string, unknown> = {}) => session.call('llm.chat', ask(text, more));
  return { kernel, session, chat, providers, lines };
}

describe('the caller’s fault', () => {
  test('goes to every other eligible core once, and ends with what the last one said', async () => {
    const bad = status(400, { message: 'the call is wrong' });
    const { chat, providers } = await world([bad, bad, bad]);
    expect(await errorOf(chat())).toMatchObject({
      code: 'core-rejected',
      message: expect.stringContaining('the call is wrong'),
      details: { class: 'request', status: 400, core: 'c', attempts: 3 },
    });
    expect(providers.map(({ requests }) => requests.length)).toEqual([1, 1, 1]);
  });

  test.each<[string, Answer]>([
    ['too long for one core', status(400, { message: 'x', code: 'context_length_exceeded' })],
    [
      'an unsupported parameter',
      status(400, { message: 'Unsupported parameter', param: 'seed', code: 'unsupported_parameter' }),
    ],
    ['an unknown model', status(404, { message: 'The model `m` does not exist', code: 'model_not_found' })],
    ['no support for tools', status(404, { message: 'No endpoints found that support tool use' })],
    [
      'an error in a 200',
      (response) => json(response, 200, { error: { message: 'no', type: 'invalid_request_error' } }),
    ],
  ])('%s is served by another', async (_, answer) => {
    const { chat, providers } = await world([answer, ok]);
    expect(await chat('hi', { seed: 1 })).toMatchObject({ text: 'ok', core: 'b', attempts: 2 });
    expect(providers[0]?.requests.length).toBe(1);
  });

  test('never closes a core for others, however often', async () => {
    const { chat, kernel } = await world([
      (response, request, index) =>
        request.body.messages[0].content === 'bad'
          ? status(422)(response, request, index)
          : ok(response, request, index),
    ]);
    for (let n = 0; n < 6; n++) expect(await errorOf(chat('bad'))).toMatchObject({ code: 'core-rejected' });
    expect(kernel.cores()[0]).toMatchObject({ state: 'up', lastFault: { class: 'request', status: 422 } });
    expect(await chat('good')).toMatchObject({ text: 'ok' });
  });

  test('that the SDK refuses before anything is sent does not either', async () => {
    const file = { type: 'file', file: { file_data: 'data:application/zip;base64,AAAA' } };
    const { chat, providers } = await world(
      [(response) => events(response, [google([{ text: 'ok' }])])],
      [{ provider: 'anthropic' }],
    );
    for (let n = 0; n < 4; n++) {
      const error = await errorOf(chat('', { messages: [{ role: 'user', content: [file] }] }));
      expect(error).toMatchObject({ code: 'core-rejected', details: { class: 'request' } });
    }
    expect(providers[0]?.requests.length).toBe(0);
  });
});

describe('what a fault shows of a core is remembered', () => {
  test('its real context window', async () => {
    const message = "This model's maximum context length is 300 tokens.";
    const { chat, kernel, providers } = await world([status(400, { message, code: 'context_length_exceeded' }), ok]);
    const long = 'word '.repeat(400);
    expect(await chat(long)).toMatchObject({ core: 'b' });
    expect(await chat(long)).toMatchObject({ core: 'b', attempts: 1 });
    expect(kernel.cores()[0]?.contextWindow).toBe(300);
    expect(providers[0]?.requests.length).toBe(1);
  });

  test('a setting that it does not take: calls without it still go there', async () => {
    const answer: Answer = (response, request, index) =>
      'temperature' in request.body
        ? status(400, { message: 'Unsupported parameter', param: 'temperature', code: 'unsupported_parameter' })(
            response,
            request,
            index,
          )
        : ok(response, request, index);
    const { chat, kernel } = await world([answer, ok]);
    expect(await chat('hi', { temperature: 1 })).toMatchObject({ core: 'b', attempts: 2 });
    expect(await chat('hi', { temperature: 1 })).toMatchObject({ core: 'b', attempts: 1 });
    expect(await chat('hi')).toMatchObject({ core: 'a', attempts: 1 });
    expect(kernel.cores()[0]?.unsupported).toEqual(['temperature']);
  });
});

describe('a setting that a core cannot honour', () => {
  test('makes it not eligible, and the reason is said', async () => {
    const { chat } = await world([ok], [{ unsupported: ['seed'], tools: false, inputs: [] }]);
    const tools = [{ type: 'function', function: { name: 'now' } }];
    const image = { type: 'image_url', image_url: { url: 'https://x.example/a.png' } };
    const why = async (more: Record<string, unknown>) => (await errorOf(chat('hi', more)))['message'];
    expect(await why({ seed: 1 })).toContain('a: it does not take seed');
    expect(await why({ tools })).toContain('a: it cannot call tools');
    expect(await why({ messages: [{ role: 'user', content: [image] }] })).toContain('a: it cannot read images');
    const other = await world([ok], [{ provider: 'anthropic' }]);
    expect((await errorOf(other.chat('hi', { logprobs: true })))['message']).toContain('it does not take logprobs');
    const file = { type: 'file', file: { file_id: 'file-1' } };
    expect((await errorOf(other.chat('', { messages: [{ role: 'user', content: [file] }] })))['message']).toContain(
      'file_id',
    );
  });
});

describe('an overload', () => {
  test('makes a pause that is kept, and never opens the circuit', async () => {
    const { chat, kernel, providers } = await world([
      (response, request, index) =>
        index < 3
          ? status(429, { message: 'slow down' }, { 'retry-after-ms': '60' })(response, request, index)
          : ok(response, request, index),
    ]);
    expect(await errorOf(chat())).toMatchObject({ details: { class: 'overload', status: 429, attempts: 3 } });
    expect(await chat()).toMatchObject({ text: 'ok' });
    const at = providers[0]?.requests.map((request) => request.at) ?? [];
    expect((at[1] ?? 0) - (at[0] ?? 0)).toBeGreaterThan(58);
    expect(kernel.cores()[0]?.state).toBe('up');
  });

  test('without a word on how long closes the core for a while that grows', async () => {
    const { chat, kernel, lines } = await world([status(429)]);
    await errorOf(chat('hi', { retry: 'never' }));
    const { closedUntil = 0, state } = kernel.cores()[0] ?? {};
    expect(state).toBe('cooling');
    expect(closedUntil).toBeGreaterThan(realClock.now());
    expect(lines.filter(({ msg }) => msg === 'circuit of a core')).toEqual([]);
  });
});

describe('a wrong config', () => {
  const wrong = status(401, { message: 'Incorrect API key provided: key-of-the-test' });

  test('closes the core with a clear line; others serve', async () => {
    const { chat, kernel, lines, providers } = await world([wrong, ok]);
    for (let n = 0; n < 3; n++) expect(await chat()).toMatchObject({ core: 'b' });
    expect(providers[0]?.requests.length).toBe(1);
    expect(kernel.cores()[0]).toMatchObject({ state: 'cooling', lastFault: { class: 'config', status: 401 } });
    const [line] = lines.filter(({ level }) => level === 50);
    expect(line).toMatchObject({
      core: 'a',
      status: 401,
      reason: 'The provider answered HTTP 401: Incorrect API key provided: [key]',
    });
  });

  test('of the only core ends every call at once: those that wait, and those that come', async () => {
    const { chat } = await world([wrong], [{ cap: 1 }]);
    const errors = await Promise.all(Array.from({ length: 5 }, (_, n) => errorOf(chat(`${n}`))));
    for (const error of errors)
      expect(error).toMatchObject({
        code: 'core-failed',
        details: { class: 'config' },
        message: expect.stringContaining('401'),
      });
    expect(await errorOf(chat())).toMatchObject({
      code: 'no-eligible-core',
      message: expect.stringContaining('it is closed'),
    });
  });

  test('is tried again after a reload', async () => {
    const { chat, kernel } = await world([
      (response, request, index) => (index === 0 ? wrong : ok)(response, request, index),
    ]);
    expect(await errorOf(chat())).toMatchObject({ code: 'core-failed' });
    const [{ id, cap } = { id: '', cap: 0 }] = kernel.cores();
    const { LIMITS } = await import('../support/kernel.js');
    kernel.reload({ limits: LIMITS, cores: [{ id, cap }] as never });
    expect(await chat()).toMatchObject({ text: 'ok' });
    expect(kernel.cores()[0]?.state).toBe('up');
  });
});

describe('what an operator sees', () => {
  test('a line for each attempt that failed, and one for each change of a circuit', async () => {
    const breaker = { failures: 2, halfOpenAfterMs: 20 };
    const { chat, lines } = await world([status(503, { message: 'down for repairs' })], [{ breaker }]);
    await errorOf(chat());
    const failed = lines.filter(({ msg }) => msg === 'attempt failed');
    expect(failed.map(({ core, class: faultClass, status, attempt }) => [core, faultClass, status, attempt])).toEqual([
      ['a', 'provider', 503, 1],
      ['a', 'provider', 503, 2],
      ['a', 'provider', 503, 3],
    ]);
    expect(failed[0]).toMatchObject({
      reason: 'The provider answered HTTP 503: down for repairs',
      next: expect.stringMatching(/again in/),
    });
    const changes = lines.filter(({ msg }) => msg === 'circuit of a core');
    expect(changes.map(({ state }) => state)).toEqual(['open', 'half-open', 'open']);
    expect(changes[0]).toMatchObject({ core: 'a', retryInMs: 20 });
  });

  test('why an open call waits: until when its core is closed, and how it failed', async () => {
    const { session, chat, kernel } = await world([status(429, { message: 'slow down' }, { 'retry-after': '5' })]);
    const waiting = chat().catch(() => {});
    await expect.poll(() => kernel.cores()[0]?.closedUntil).toBeGreaterThan(realClock.now());
    const { syscalls } = await session.call('kernel.ps', {});
    const { explanation } = await session.call('kernel.ps', { explain: syscalls[0]?.syscallId ?? '' });
    expect(explanation?.at(-1)).toMatch(/^core a: closed for 5 s; its last fault was overload: .*slow down/);
    const table = renderCores(kernel.cores());
    expect(table).toMatch(/^a: closed until 20..-..-..T..:..:..Z; last fault .* overload: .*429: slow down$/m);
    await kernel.stop();
    await waiting;
  });

  test('warnings of what was not sent reach the caller', async () => {
    const { chat } = await world(
      [(response) => events(response, [google([{ text: 'ok' }])])],
      [{ provider: 'google' }],
    );
    const { warnings } = await chat('', { messages: [{ role: 'system', content: 'hello' }] });
    expect(warnings).toEqual([expect.stringContaining('messages.0')]);
  });
});

describe('a structured output', () => {
  const schema = { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] };
  const responseFormat = { type: 'json_schema', json_schema: { name: 's', schema } };
  const says =
    (text: string): Answer =>
    (response) =>
      events(response, completion(text), { done: true });

  test('that breaks its schema is a failed attempt: another core may do better', async () => {
    const { chat, kernel } = await world([says('{"n":"one"}'), says('{"n":1}')]);
    expect(await chat('hi', { responseFormat })).toMatchObject({ text: '{"n":1}', core: 'b', attempts: 2 });
    // What the first one billed is counted.
    expect(kernel.stats().usage).toMatchObject({ inputTokens: 6, outputTokens: 6 });
  });

  test('that no core gets right has a code of its own, and opens no circuit', async () => {
    const { chat, kernel } = await world([says('no JSON')]);
    expect(await errorOf(chat('hi', { responseFormat }))).toMatchObject({
      code: 'invalid-output',
      details: { attempts: 3, core: 'a' },
    });
    expect(kernel.cores()[0]?.state).toBe('up');
  });
});
