import { describe, expect, test } from 'vitest';
import type { ChatParams } from '../../../../syscalls/llm-chat.js';
import { ask, callOf } from '../ask.js';
import { CANARY_KEY, provider } from './provider-world.js';

const TOOL = {
  type: 'function' as const,
  function: {
    name: 'add',
    description: 'adds',
    parameters: { type: 'object', properties: { a: { type: 'number' } }, required: ['a'] },
  },
};

describe('an answer', () => {
  test('streams as text; usage is the provider’s, cost is by the config’s price', async () => {
    const { core, fake } = await provider({ text: 'one two three four' });
    const asked = ask(core, callOf('Count.', { temperature: 0.5, maxTokens: 9 }));
    expect(await asked.result).toEqual({
      toolCalls: [],
      finishReason: 'stop',
      usage: { inputTokens: 7, outputTokens: 4 },
      costUsd: (7 * 1 + 4 * 10) / 1e6,
    });
    expect(asked.text()).toBe('one two three four');
    expect(asked.chunks.length).toBe(4);
    expect(asked.tokens()).toBe(4);
    expect(fake.requests[0]?.body).toMatchObject({
      model: 'model-a',
      stream: true,
      stream_options: { include_usage: true },
      temperature: 0.5,
      max_tokens: 9,
      messages: [{ role: 'user', content: 'Count.' }],
    });
    expect(fake.requests[0]?.headers.authorization).toBe(`Bearer ${CANARY_KEY}`);
  });

  test('arrives the same when every byte is a packet', async () => {
    const { core } = await provider({ text: 'größer 猫 three', fault: { kind: 'single-bytes' } });
    const asked = ask(core, callOf('q'));
    expect((await asked.result).finishReason).toBe('stop');
    expect(asked.text()).toBe('größer 猫 three');
  });

  test('without usage is counted, and says so', async () => {
    const { core } = await provider({ text: 'one two three', usage: null });
    const { usage, isEstimated, costUsd } = await ask(core, callOf('q')).result;
    expect({ usage, isEstimated }).toEqual({ usage: { inputTokens: 10, outputTokens: 3 }, isEstimated: true });
    expect(costUsd).toBeCloseTo((10 + 30) / 1e6, 12);
  });

  test.each([
    ['length', 'length'],
    ['content_filter', 'content-filter'],
    ['eos', 'stop'],
  ])('with finish reason %s ends as %s', async (finishReason, expected) => {
    const { core } = await provider({ finishReason });
    expect((await ask(core, callOf('q')).result).finishReason).toBe(expected);
  });
});

describe('tools', () => {
  const toolCalls = [
    { id: 'call-1', name: 'add', arguments: '{"a": 1, "b": "x"}' },
    { id: 'call-2', name: 'add', arguments: '{}' },
  ];

  test('are sent to the provider, and its calls come back in OpenAI’s form', async () => {
    const { core, fake } = await provider({ text: '', toolCalls });
    const result = await ask(core, callOf('Add.', { tools: [TOOL] })).result;
    expect(result.finishReason).toBe('tool-calls');
    expect(result.toolCalls).toEqual(
      toolCalls.map(({ id, name, arguments: text }) => ({ id, type: 'function', function: { name, arguments: text } })),
    );
    expect(fake.requests[0]?.body).toMatchObject({ tools: [TOOL], tool_choice: 'auto' });
  });

  test('are finished with even where the provider says stop', async () => {
    const { core } = await provider({ text: '', toolCalls, finishReason: 'stop' });
    expect((await ask(core, callOf('Add.', { tools: [TOOL] })).result).finishReason).toBe('tool-calls');
  });

  test('and their results go back in the next call', async () => {
    const { core, fake } = await provider();
    const call = { id: 'call-1', type: 'function' as const, function: { name: 'add', arguments: '{"a":1}' } };
    const broken = { id: 'call-2', type: 'function' as const, function: { name: 'add', arguments: '{"a":' } };
    const messages: ChatParams['messages'] = [
      { role: 'system', content: 'Be brief.' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Ad' },
          { type: 'text', text: 'd.' },
        ],
      },
      { role: 'assistant', content: null, tool_calls: [call, broken] },
      { role: 'tool', content: '2', tool_call_id: 'call-1' },
    ];
    await ask(core, { ...callOf(''), params: { messages } }).result;
    expect(fake.requests[0]?.body['messages']).toMatchObject([
      { role: 'system', content: 'Be brief.' },
      { role: 'user' },
      { role: 'assistant', tool_calls: [call, broken] },
      { role: 'tool', content: '2', tool_call_id: 'call-1' },
    ]);
  });
});

describe('a response format', () => {
  test('of a schema is sent to the provider', async () => {
    const { core, fake } = await provider({ text: '{"answer":"x"}' });
    const schema = { type: 'object', properties: { answer: { type: 'string' } } };
    const json_schema = { name: 'reply', schema, strict: true };
    await ask(core, callOf('q', { responseFormat: { type: 'json_schema', json_schema } })).result;
    expect(fake.requests[0]?.body['response_format']).toEqual({ type: 'json_schema', json_schema });
  });

  test('of any JSON object too', async () => {
    const { core, fake } = await provider({ text: '{}' });
    await ask(core, callOf('q', { responseFormat: { type: 'json_object' } })).result;
    expect(fake.requests[0]?.body['response_format']).toEqual({ type: 'json_object' });
  });
});

test('a prefix is the start of the assistant’s message', async () => {
  const { core, fake } = await provider({ text: ' three' }, { supportsPrefix: true });
  expect(core.info.supportsPrefix).toBe(true);
  const asked = ask(core, { ...callOf('Count.'), prefix: 'one two', prefixTokens: 2, maxTokens: 5 });
  await asked.result;
  expect(asked.text()).toBe(' three');
  expect(fake.requests[0]?.body).toMatchObject({
    max_tokens: 5,
    messages: [
      { role: 'user', content: 'Count.' },
      { role: 'assistant', content: 'one two' },
    ],
  });
});
