import { describe, expect, test } from 'vitest';
import { assistantMessage } from '../../syscalls/assistant-message.js';
import type { ChatParams } from '../../syscalls/llm-chat.js';
import { APIS, type Api, coreAt, kernelBefore, mockProviders } from './mocked-world.js';

const WEATHER = {
  type: 'function' as const,
  function: {
    name: 'weather',
    description: 'the weather of a city',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
};
const CITY = {
  type: 'json_schema' as const,
  json_schema: {
    name: 'city',
    schema: {
      type: 'object',
      properties: { name: { type: 'string' } },
      required: ['name'],
      additionalProperties: false,
    },
  },
};

/** A red one, in PNG. */
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==';

const ask = (content: string, more: Omit<ChatParams, 'messages'> = {}) => ({
  messages: [{ role: 'user' as const, content }],
  ...more,
});

/** Errors of a core end the call at once. */
const once = { retry: 'never' } as const;

describe.each(Object.keys(APIS) as Api[])('a mocked %s', (api) => {
  test('streams an answer, with its usage and price', async () => {
    const mock = await mockProviders({ chunkSize: 4 });
    const usage = {
      ...{ prompt_tokens: 12, completion_tokens: 7, input_tokens: 12, output_tokens: 7 },
      ...{ promptTokenCount: 12, candidatesTokenCount: 7 },
    };
    mock.onMessage('sky', { content: 'Blue: the air scatters it. \u{1f30c}', usage });
    const client = await kernelBefore(coreAt(mock, api));
    const stream = client.stream(ask('Why is the sky blue?'));
    const pieces: string[] = [];
    for await (const { text } of stream) pieces.push(text);
    expect(pieces.join('')).toBe('Blue: the air scatters it. \u{1f30c}');
    const reply = await client.chat(ask('Why is the sky blue?'));
    expect(reply).toMatchObject({
      text: 'Blue: the air scatters it. \u{1f30c}',
      finishReason: 'stop',
      attempts: 1,
      usage: { inputTokens: 12, outputTokens: 7 },
    });
    expect(reply.costUsd).toBeCloseTo((12 + 7 * 10) / 1e6, 12);
  });

  test('calls tools in parallel, and answers from their results', async () => {
    const mock = await mockProviders({ chunkSize: 5 });
    const calls = [
      { name: 'weather', arguments: '{"city":"Rome"}', id: 'call_rome' },
      { name: 'weather', arguments: '{"city":"Oslo"}', id: 'call_oslo' },
    ];
    mock.on({ userMessage: 'warmer', hasToolResult: false }, { toolCalls: calls });
    mock.on({ userMessage: 'warmer', hasToolResult: true }, { content: 'Rome is.' });
    const client = await kernelBefore(coreAt(mock, api));
    const messages: ChatParams['messages'] = [{ role: 'user', content: 'Which is warmer, Rome or Oslo?' }];
    const first = await client.chat({ messages, tools: [WEATHER] });
    expect(first.finishReason).toBe('tool-calls');
    expect(first.toolCalls.map(({ function: { name, arguments: text } }) => [name, JSON.parse(text)])).toEqual([
      ['weather', { city: 'Rome' }],
      ['weather', { city: 'Oslo' }],
    ]);
    expect(new Set(first.toolCalls.map(({ id }) => id)).size).toBe(2);
    const results = first.toolCalls.map(({ id }, at) => ({
      role: 'tool' as const,
      tool_call_id: id,
      content: at === 0 ? '24 degrees' : '3 degrees',
    }));
    const assistant = { role: 'assistant' as const, content: null, tool_calls: [...first.toolCalls] };
    const second = await client.chat({ messages: [...messages, assistant, ...results], tools: [WEATHER] });
    expect(second).toMatchObject({ text: 'Rome is.', finishReason: 'stop' });
    expect(JSON.stringify(mock.getLastRequest()?.body)).toMatch(/24 degrees.*3 degrees/);
  });

  test('answers in a schema', async () => {
    const mock = await mockProviders({ chunkSize: 3 });
    mock.onMessage('capital', { content: '{"name":"Rome"}' });
    const client = await kernelBefore(coreAt(mock, api));
    const reply = await client.chat(ask('The capital of Italy?', { responseFormat: CITY }));
    expect(JSON.parse(reply.text)).toEqual({ name: 'Rome' });
    // The mock keeps no schema that Google receives.
    if (api !== 'google') expect(JSON.stringify(mock.getLastRequest()?.body)).toMatch(/"name":\{"type":"string"\}/);
  });

  test('thinks before it answers: its thoughts are not the answer', async () => {
    const mock = await mockProviders({ chunkSize: 6 });
    mock.onMessage('sum', { content: 'It is 5.', reasoning: 'Two and three make five.' });
    const client = await kernelBefore(coreAt(mock, api));
    const messages: ChatParams['messages'] = [{ role: 'user', content: 'The sum of 2 and 3?' }];
    const reply = await client.chat({ messages });
    expect(reply).toMatchObject({ text: 'It is 5.', finishReason: 'stop', attempts: 1 });
    // OpenAI's own chat API shows no thoughts.
    if (api !== 'openai') expect(reply.reasoning).toBe('Two and three make five.');
    const again = await client.chat({
      messages: [...messages, assistantMessage(reply), ...ask('And the sum?').messages],
    });
    expect(again.text).toBe('It is 5.');
  });

  test('looks at an image', async () => {
    const mock = await mockProviders();
    mock.onMessage('colour', { content: 'Red.' });
    const client = await kernelBefore(coreAt(mock, api));
    const image = { type: 'image_url' as const, image_url: { url: `data:image/png;base64,${PIXEL}` } };
    const content = [{ type: 'text' as const, text: 'What colour is it?' }, image];
    expect(await client.chat({ messages: [{ role: 'user', content }] })).toMatchObject({ text: 'Red.', attempts: 1 });
    // The mock keeps the image of OpenAI's form only.
    if (APIS[api] === '/v1' && api !== 'anthropic')
      expect(JSON.stringify(mock.getLastRequest()?.body)).toContain(PIXEL);
  });

  test('stops at the most tokens, and says so', async () => {
    const mock = await mockProviders();
    mock.onMessage('long', { content: 'A long', finishReason: 'length' });
    const client = await kernelBefore(coreAt(mock, api));
    expect(await client.chat(ask('A long story', { maxTokens: 2 }))).toMatchObject({
      text: 'A long',
      finishReason: 'length',
    });
    expect(JSON.stringify(mock.getLastRequest()?.body)).toMatch(/:2[,}]/);
  });

  test.each([
    [400, 'core-rejected'],
    [401, 'core-failed'],
    [429, 'core-failed'],
    [500, 'core-failed'],
    [503, 'core-failed'],
  ])('answers HTTP %i, and the error says so', async (status, code) => {
    const mock = await mockProviders();
    mock.onMessage('anything', { status, error: { message: 'not now', type: 'mocked' } });
    const client = await kernelBefore(coreAt(mock, api));
    const error = client.chat(ask('anything', once));
    await expect(error).rejects.toMatchObject({ code, message: expect.stringMatching(`HTTP ${status}`) });
    expect(mock.getRequests()).toHaveLength(1);
  });

  test('names a pause with HTTP 429, after which it is asked again', async () => {
    const mock = await mockProviders();
    mock.on({ userMessage: 'hello', sequenceIndex: 0 }, { status: 429, error: { message: 'slowly' }, retryAfter: 1 });
    mock.on({ userMessage: 'hello' }, { content: 'Hello.' });
    const client = await kernelBefore(coreAt(mock, api));
    expect(await client.chat(ask('hello'))).toMatchObject({ text: 'Hello.', attempts: 2 });
    const [first, second] = mock.getRequests();
    expect((second?.timestamp ?? 0) - (first?.timestamp ?? 0)).toBeGreaterThanOrEqual(990);
  });

  test('that breaks off in mid-answer has failed, and another core answers', async () => {
    const mock = await mockProviders({ chunkSize: 2 });
    mock.on(
      { userMessage: 'hello', model: 'broken' },
      { content: 'Hello, and more of it' },
      { truncateAfterChunks: 4 },
    );
    mock.on({ userMessage: 'hello' }, { content: 'Hello.' });
    const client = await kernelBefore(coreAt(mock, api, { model: 'broken' }), coreAt(mock, api));
    expect(await client.chat(ask('hello'))).toMatchObject({ text: 'Hello.', core: 'core-1', attempts: 2 });
  });

  test('that wants another key refuses it; of several keys the right one is found', async () => {
    const mock = await mockProviders({ auth: { apiKeys: ['sk-second'] } });
    mock.onMessage('hello', { content: 'Hello.' });
    const wrong = await kernelBefore(coreAt(mock, api));
    await expect(wrong.chat(ask('hello', once))).rejects.toMatchObject({ message: expect.stringMatching('HTTP 401') });
    const several = await kernelBefore(coreAt(mock, api, { apiKeyEnv: ['KEY', 'SECOND'] }));
    expect(await several.chat(ask('hello', once))).toMatchObject({ text: 'Hello.', attempts: 1 });
  });

  test('receives what is well-formed, in headers and parameters of the config too', async () => {
    const mock = await mockProviders();
    mock.onMessage(/./, { content: 'ok' });
    const client = await kernelBefore(coreAt(mock, api, { headers: { 'X-Team': 'blue' }, query: { trace: 'on' } }));
    expect(await client.chat(ask('half an emoji \ud83d'))).toMatchObject({ text: 'ok' });
    const request = mock.getLastRequest();
    expect(request?.headers).toMatchObject({ 'x-team': 'blue', 'accept-encoding': 'identity' });
    expect(request?.path).toMatch(/[?&]trace=on/);
    expect(JSON.stringify(request?.body)).toMatch(/half an emoji \ufffd/);
  });
});
