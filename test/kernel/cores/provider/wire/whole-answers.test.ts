import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { meaningOf } from '../../../../../kernel/cores/provider/wire/finish-word.js';
import {
  anthropic,
  anthropicText,
  chunk,
  completion,
  events,
  google,
  json,
  usage,
} from '../../../../support/raw-provider.js';
import { errorOf } from '../../ask.js';
import { answerOf, raw } from '../raw-world.js';

const CUT = { code: 'core-failed', details: { class: 'provider' } };

describe('an answer is whole at its end mark', () => {
  const open = { end: false } as const;
  test.each([
    ['[DONE] of OpenAI', 'openai', completion('hello'), { ...open, done: true }],
    ['[DONE] without a word for the end', 'openai-compatible', [chunk({ content: 'hello' })], { ...open, done: true }],
    ['message_stop of Anthropic', 'anthropic', anthropic([anthropicText('hello')]), open],
    ['the finish reason of Google', 'google', [google([{ text: 'hello' }])], open],
    ['Google’s, with the usage after it', 'google', [google([{ text: 'hel' }], null), google([{ text: 'lo' }])], open],
  ] as const)('also when the connection stays open: %s', async (_, provider, list, options) => {
    const { core, provider: fake } = await raw((response) => events(response, list, options), {
      provider,
      idleTimeoutMs: 20_000,
    });
    const answer = await answerOf(core);
    expect(answer.text).toBe('hello');
    expect(fake.requests.length).toBe(1);
  });

  test('a word without [DONE] is an end once the connection is silent or closed', async () => {
    const { core } = await raw(
      (response) => events(response, [chunk({ content: 'hi' }), chunk({}, 'stop')], { end: false }),
      {
        idleTimeoutMs: 50,
      },
    );
    expect(await answerOf(core)).toMatchObject({ text: 'hi', finishReason: 'stop', isEstimated: true });
    const closed = await raw((response) => events(response, [chunk({ content: 'hi' }), chunk({}, 'length')]));
    expect(await answerOf(closed.core)).toMatchObject({ text: 'hi', finishReason: 'length' });
  });

  test('after it, whatever the connection brings is passed over', async () => {
    const { core } = await raw((response) => {
      events(response, completion('hello'), { end: false, done: true });
      events(response, [chunk({ content: ' again' }), 'nonsense'], { end: false });
    });
    expect((await answerOf(core)).text).toBe('hello');
  });
});

describe('an answer that is cut has failed', () => {
  test.each([
    ['OpenAI, no word', 'openai-compatible', [chunk({ content: 'hel' })]],
    ['OpenAI, nothing at all', 'openai', []],
    ['OpenAI, an empty word', 'openai-compatible', [chunk({ content: 'hel' }, '')]],
    ['Anthropic before message_stop', 'anthropic', anthropic([anthropicText('hel')]).slice(0, -1)],
    ['Anthropic in the middle', 'anthropic', anthropic([anthropicText('hel')]).slice(0, 3)],
    ['Google without a reason', 'google', [google([{ text: 'hel' }], null)]],
    ['Google with the reason that means no end', 'google', [google([{ text: 'hel' }], 'FINISH_REASON_UNSPECIFIED')]],
  ] as const)('%s', async (_, provider, list) => {
    const { core } = await raw((response) => events(response, list), { provider });
    expect(await errorOf(answerOf(core))).toMatchObject(CUT);
  });

  test('by a reset after some text', async () => {
    const { core } = await raw(async (response) => {
      events(response, [chunk({ content: 'hel' })], { end: false });
      await sleep(20);
      response.socket?.resetAndDestroy();
    });
    expect(await errorOf(answerOf(core))).toMatchObject(CUT);
  });

  test.each([
    '[DONE',
    '{"choices":[{"delta":{"content":"x"}',
    'not JSON',
    '"a text"',
    '12',
  ])('by an event that is broken: %s', async (broken) => {
    const { core } = await raw((response) => events(response, [chunk({ content: 'hel' }), broken], { done: true }));
    expect(await errorOf(answerOf(core))).toMatchObject({ ...CUT, message: expect.stringContaining('broken JSON') });
  });
});

describe('the word for the end', () => {
  test.each([
    ['abort', 'openai-compatible'],
    ['insufficient_system_resource', 'openai-compatible'],
    ['network_error', 'openai-compatible'],
    ['Error', 'openai'],
    ['time_limit', 'openai-compatible'],
  ])('%s of %s: the answer is not whole', async (word, provider) => {
    const { core } = await raw(
      (response) => events(response, [chunk({ content: 'a' }), chunk({}, word), usage(3, 3)], { done: true }),
      {
        provider,
      },
    );
    expect(await errorOf(answerOf(core))).toMatchObject({ ...CUT, message: expect.stringContaining(word) });
  });

  test.each([
    'UNEXPECTED_TOOL_CALL',
    'MALFORMED_FUNCTION_CALL',
    'TOO_MANY_TOOL_CALLS',
  ])('%s of Google too', async (word) => {
    const { core } = await raw((response) => events(response, [google([{ text: 'a' }], word)]), { provider: 'google' });
    expect(await errorOf(answerOf(core))).toMatchObject(CUT);
  });

  test.each([
    ['openai-compatible', 'model_length', 'length'],
    ['openai-compatible', 'max_tokens', 'length'],
    ['openai-compatible', 'sensitive', 'content-filter'],
    ['openai', 'content_filter', 'content-filter'],
    ['openai-compatible', 'eos', 'stop'],
  ])('%s %s is %s', async (provider, word, finishReason) => {
    const { core } = await raw(
      (response) => events(response, [chunk({ content: 'a' }), chunk({}, word)], { done: true }),
      {
        provider,
      },
    );
    expect(await answerOf(core)).toMatchObject({ text: 'a', finishReason });
  });

  test.each([
    ['max_tokens', 'length'],
    ['model_context_window_exceeded', 'length'],
    ['refusal', 'content-filter'],
    ['stop_sequence', 'stop'],
  ])('anthropic %s is %s', async (word, finishReason) => {
    const { core } = await raw((response) => events(response, anthropic([anthropicText('a')], word)), {
      provider: 'anthropic',
    });
    expect(await answerOf(core)).toMatchObject({ text: 'a', finishReason });
  });

  test.each([
    ['MAX_TOKENS', 'length'],
    ['SAFETY', 'content-filter'],
    ['RECITATION', 'content-filter'],
    ['PROHIBITED_CONTENT', 'content-filter'],
  ])('google %s is %s', async (word, finishReason) => {
    const { core } = await raw((response) => events(response, [google([{ text: 'a' }], word)]), { provider: 'google' });
    expect(await answerOf(core)).toMatchObject({ text: 'a', finishReason });
  });

  test('that nobody knows is never a plain stop, and comes through', async () => {
    const { core } = await raw((response) =>
      events(response, [chunk({ content: 'a' }), chunk({}, 'tired')], { done: true }),
    );
    expect(await answerOf(core)).toMatchObject({ finishReason: 'other', finishWord: 'tired' });
  });

  test('is read in any case and spelling', () => {
    expect(['Stop', 'END_TURN', 'max-tokens', 'FINISH_REASON_MAX_TOKENS', ' length '].map(meaningOf)).toEqual([
      'stop',
      'stop',
      'length',
      'length',
      'length',
    ]);
  });

  test('null, an empty text and the text null are no words', async () => {
    const list = [
      chunk({ content: 'a' }, ''),
      chunk({ content: 'b' }, 'null'),
      chunk({ content: 'c' }),
      chunk({}, 'stop'),
    ];
    const { core } = await raw((response) => events(response, list, { done: true }));
    expect(await answerOf(core)).toMatchObject({ text: 'abc', finishReason: 'stop' });
  });
});

describe('a refusal', () => {
  test.each(['openai', 'openai-compatible'])('of %s is the text, and its reason', async (provider) => {
    const list = [chunk({ content: null, refusal: 'I can' }), chunk({ refusal: 'not.' }), chunk({}, 'stop')];
    const { core } = await raw((response) => events(response, list, { done: true }), { provider });
    expect(await answerOf(core)).toMatchObject({ text: 'I cannot.', finishReason: 'content-filter' });
  });

  test('of a prompt by Google has no candidates', async () => {
    const blocked = { promptFeedback: { blockReason: 'OTHER' }, usageMetadata: { promptTokenCount: 9 } };
    const { core, provider } = await raw((response) => events(response, [blocked]), { provider: 'google' });
    expect(await answerOf(core)).toMatchObject({ text: '', finishReason: 'content-filter' });
    expect(provider.requests.length).toBe(1);
  });
});

describe('a whole answer in place of a stream', () => {
  const call = { id: 'c1', type: 'function', function: { name: 'get', arguments: '{"a":1}' } };
  const message = { role: 'assistant', content: 'hello', reasoning_content: 'hm', tool_calls: [call] };

  test.each(['openai', 'openai-compatible'])('of %s is taken', async (provider) => {
    const body = {
      id: 'x',
      object: 'chat.completion',
      choices: [{ index: 0, message, finish_reason: 'tool_calls' }],
      usage: { prompt_tokens: 3, completion_tokens: 1 },
    };
    const { core } = await raw((response) => json(response, 200, body), { provider });
    expect(await answerOf(core)).toMatchObject({
      text: 'hello',
      toolCalls: [call],
      finishReason: 'tool-calls',
      usage: { inputTokens: 3, outputTokens: 1 },
    });
  });

  test('of Anthropic is taken', async () => {
    const content = [
      { type: 'thinking', thinking: 'hm', signature: 'S' },
      { type: 'text', text: 'hello' },
      { type: 'tool_use', id: 't1', name: 'get', input: { a: 1 } },
    ];
    const body = {
      id: 'm',
      type: 'message',
      role: 'assistant',
      model: 'm',
      content,
      stop_reason: 'tool_use',
      usage: { input_tokens: 4, output_tokens: 6 },
    };
    const { core } = await raw((response) => json(response, 200, body), { provider: 'anthropic' });
    expect(await answerOf(core)).toMatchObject({
      text: 'hello',
      reasoning: 'hm',
      toolCalls: [{ id: 't1', function: { name: 'get', arguments: '{"a":1}' } }],
      usage: { inputTokens: 4, outputTokens: 6 },
    });
  });

  test('of Google is taken, one or a list', async () => {
    for (const body of [google([{ text: 'hello' }]), [google([{ text: 'hel' }], null), google([{ text: 'lo' }])]]) {
      const { core } = await raw((response) => json(response, 200, body), { provider: 'google' });
      expect(await answerOf(core)).toMatchObject({ text: 'hello', usage: { inputTokens: 9, outputTokens: 1 } });
    }
  });

  test('a page is refused: the address is wrong', async () => {
    const { core } = await raw((response) => {
      response.writeHead(200, { 'content-type': 'text/html' });
      response.end('\n<!doctype html><title>Welcome</title>');
    });
    expect(await errorOf(answerOf(core))).toMatchObject({
      code: 'core-failed',
      details: { class: 'config' },
      message: /baseUrl/,
    });
  });
});

describe('calls of tools', () => {
  const piece = (call: object) => chunk({ tool_calls: [call] });
  const whole = (id: unknown, args: unknown, more: object = {}) =>
    piece({ id, type: 'function', function: { name: 'get', arguments: args }, ...more });
  const names = (calls: readonly { id: string; function: { arguments: string } }[]) =>
    calls.map((call) => [
      call.id.startsWith('call_') && call.id.length > 30 ? 'made up' : call.id,
      call.function.arguments,
    ]);

  test.each<[string, object[], unknown]>([
    [
      'all at index 0',
      [whole('a', '{"x":1}', { index: 0 }), whole('b', '{"x":2}', { index: 0 })],
      [
        ['a', '{"x":1}'],
        ['b', '{"x":2}'],
      ],
    ],
    [
      'no index',
      [whole('a', '{"x":1}'), whole('b', '{"x":2}')],
      [
        ['a', '{"x":1}'],
        ['b', '{"x":2}'],
      ],
    ],
    [
      'no index and no id',
      [whole(undefined, '{"x":1}'), whole('', '{"x":2}')],
      [
        ['made up', '{"x":1}'],
        ['made up', '{"x":2}'],
      ],
    ],
    ['a number for an id', [whole(12, '{"x":1}', { index: 0 })], [['12', '{"x":1}']]],
    ['arguments that are no text', [whole('a', { x: 1 }, { index: 0 })], [['a', '{"x":1}']]],
    [
      'the id in every piece',
      [whole('a', '{"x"', { index: 0 }), piece({ index: 0, id: 'a', function: { arguments: ':1}' } })],
      [['a', '{"x":1}']],
    ],
    [
      'the name in every piece',
      [whole('a', '{"x"', { index: 0 }), piece({ index: 0, function: { name: 'get', arguments: ':1}' } })],
      [['a', '{"x":1}']],
    ],
    [
      'pieces that alternate',
      [
        whole('a', '{"x"', { index: 0 }),
        whole('b', '{"y"', { index: 1 }),
        piece({ index: 0, function: { arguments: ':1}' } }),
        piece({ index: 1, function: { arguments: ':2}' } }),
      ],
      [
        ['a', '{"x":1}'],
        ['b', '{"y":2}'],
      ],
    ],
    [
      'another id in each piece',
      [whole('a1', '{"x"', { index: 0 }), piece({ index: 0, id: 'a2', function: { arguments: ':1}' } })],
      [['a1', '{"x":1}']],
    ],
    [
      'the old form of one call',
      [chunk({ function_call: { name: 'get', arguments: '{"x":1}' } })],
      [['made up', '{"x":1}']],
    ],
    [`an id of 300 characters`, [whole('x'.repeat(300), '{}', { index: 0 })], [['x'.repeat(300), '{}']]],
  ])('with %s are kept apart', async (_, list, expected) => {
    for (const provider of ['openai-compatible', 'openai']) {
      const { core } = await raw((response) => events(response, [...list, chunk({}, 'tool_calls')], { done: true }), {
        provider,
      });
      const tools = [{ type: 'function' as const, function: { name: 'get' } }];
      const { toolCalls, finishReason } = await answerOf(core, { tools });
      expect(finishReason).toBe('tool-calls');
      expect(names(toolCalls)).toEqual(expected);
    }
  });
});

test('events of an unknown type, and choices other than the first, are passed over', async () => {
  const list = anthropic([anthropicText('hello')]);
  const odd = [list[0], { type: 'a_new_kind', of: 'event' }, { type: 'ping' }, ...list.slice(1)];
  const { core } = await raw((response) => events(response, odd), { provider: 'anthropic' });
  expect((await answerOf(core)).text).toBe('hello');
  const first = { prompt_filter_results: [], choices: [], model: '', id: '' };
  const bare = await raw((response) => events(response, [first, ...completion('hello')], { done: true }));
  expect((await answerOf(bare.core)).text).toBe('hello');
});
