import { createAnthropic } from '@ai-sdk/anthropic';
import Anthropic from '@anthropic-ai/sdk';
import { generateObject, stepCountIs, streamText, tool } from 'ai';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { mockedWorld } from '../http/http-world.js';

const PLACE = z.object({ city: z.string() });
const TOOL = { name: 'weather', input_schema: { type: 'object' as const, properties: { city: { type: 'string' } } } };
const CALLS = ['Rome', 'Oslo'].map((city) => ({ name: 'weather', arguments: JSON.stringify({ city }) }));
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==';

const ask = (content: string) => ({ model: 'auto', max_tokens: 100, messages: [{ role: 'user' as const, content }] });

async function world() {
  const { mock, url, kernel } = await mockedWorld({ chunkSize: 5 }, { limits: { maxAttempts: 1 } });
  return { mock, kernel, url, anthropic: new Anthropic({ baseURL: url, apiKey: 'any' }) };
}

test('text, system and usage', async () => {
  const { mock, anthropic } = await world();
  mock.onMessage('sky', { content: 'Blue.', usage: { prompt_tokens: 9, completion_tokens: 2 } });
  const message = await anthropic.messages.create({
    ...ask('sky'),
    system: [{ type: 'text', text: 'Be brief.' }],
    stop_sequences: ['END'],
  });
  expect(message).toMatchObject({ type: 'message', model: 'gpt-test', stop_reason: 'end_turn' });
  expect(message.content).toEqual([{ type: 'text', text: 'Blue.' }]);
  expect(message.usage).toMatchObject({ input_tokens: 9, output_tokens: 2 });
  expect(mock.getLastRequest()?.body).toMatchObject({
    max_tokens: 100,
    stop: ['END'],
    messages: [{ role: 'system' }, { role: 'user' }],
  });
});

test('a stream makes up the same message', async () => {
  const { mock, anthropic } = await world();
  mock.onMessage('sky', { content: 'Blue, by and large.', usage: { prompt_tokens: 9, completion_tokens: 5 } });
  const stream = anthropic.messages.stream(ask('sky'));
  const pieces: string[] = [];
  stream.on('text', (piece) => pieces.push(piece));
  const message = await stream.finalMessage();
  expect(pieces.join('')).toBe('Blue, by and large.');
  expect(message).toMatchObject({ stop_reason: 'end_turn', usage: { output_tokens: 5 } });
});

test('tools are called in parallel, with streamed arguments, and results go back with images', async () => {
  const { mock, anthropic } = await world();
  mock.onMessage('weather', { content: 'I look.', toolCalls: CALLS });
  const params = { ...ask('weather'), tools: [TOOL], tool_choice: { type: 'any' as const } };
  const streamed = await anthropic.messages.stream(params).finalMessage();
  const whole = await anthropic.messages.create(params);
  for (const { content, stop_reason } of [streamed, whole]) {
    expect(stop_reason).toBe('tool_use');
    expect(content.map((block) => (block.type === 'tool_use' ? block.input : block.type))).toEqual([
      'text',
      { city: 'Rome' },
      { city: 'Oslo' },
    ]);
  }
  mock.onMessage('so', { content: 'Sunny.' });
  const image = {
    type: 'image' as const,
    source: { type: 'base64' as const, media_type: 'image/png' as const, data: PIXEL },
  };
  const results = whole.content.flatMap((block) =>
    block.type === 'tool_use' ? [{ type: 'tool_result' as const, tool_use_id: block.id, content: 'sun' }] : [],
  );
  await anthropic.messages.create({
    ...params,
    tool_choice: { type: 'auto' },
    messages: [
      ...params.messages,
      { role: 'assistant', content: whole.content },
      { role: 'user', content: [...results, { type: 'text', text: 'so' }, image] },
    ],
  });
  const { messages } = mock.getLastRequest()?.body as { messages: { role: string }[] };
  expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool', 'tool', 'user']);
  expect(JSON.stringify(messages)).toContain(PIXEL);
});

test('errors have its form, and what is wrong is not tried again', async () => {
  const { mock, anthropic } = await world();
  mock.onMessage('hello', { status: 429, error: { message: 'slowly' }, retryAfter: 1 });
  const failing = anthropic.messages.create(ask('hello'), { maxRetries: 0 });
  await expect(failing).rejects.toMatchObject({
    status: 529,
    error: { type: 'error', error: { type: 'overloaded_error' } },
  });
  await expect(anthropic.messages.create({ ...ask('x'), model: 'claude-9' })).rejects.toMatchObject({ status: 404 });
  await expect(anthropic.messages.create({ ...ask('x'), max_tokens: 0 })).rejects.toMatchObject({
    status: 400,
    error: { error: { type: 'invalid_request_error', message: expect.stringMatching(/^maxTokens: .*got 0/) } },
  });
});

test('tokens are counted', async () => {
  const { anthropic } = await world();
  const { max_tokens: _, ...params } = ask('one two three');
  expect((await anthropic.messages.countTokens(params)).input_tokens).toBe(7);
});

test('an abort cancels the call', async () => {
  const { mock, anthropic, kernel } = await world();
  mock.onMessage('long', { content: 'word '.repeat(2000) }, { latency: 20, chunkSize: 5 });
  const stream = anthropic.messages.stream(ask('long'));
  stream.on('text', () => stream.abort());
  await expect(stream.finalMessage()).rejects.toThrow();
  await expect.poll(() => kernel.stats().syscalls).toMatchObject({ cancelled: 1, running: 0 });
});

test('the AI SDK: a loop of tools, and an object', async () => {
  const { mock, url } = await world();
  mock.on(
    { userMessage: 'weather', hasToolResult: false },
    { toolCalls: [{ name: 'weather', arguments: '{"city":"Rome"}' }] },
  );
  mock.on({ userMessage: 'weather', hasToolResult: true }, { content: 'Sunny in Rome.' });
  const model = createAnthropic({ baseURL: `${url}/v1`, apiKey: 'any' })('auto');
  const weather = tool({ inputSchema: PLACE, execute: async ({ city }) => `sun over ${city}` });
  const stream = streamText({ model, prompt: 'weather', tools: { weather }, stopWhen: stepCountIs(3) });
  expect(await stream.text).toBe('Sunny in Rome.');
  mock.onMessage('place', { toolCalls: [{ name: 'json', arguments: '{"city":"Oslo"}' }] });
  expect((await generateObject({ model, schema: PLACE, prompt: 'place' })).object).toEqual({ city: 'Oslo' });
});
