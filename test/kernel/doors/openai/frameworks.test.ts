import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { HumanMessage } from '@langchain/core/messages';
import { ChatOpenAI } from '@langchain/openai';
import { Agent, tool as agentTool, OpenAIProvider, Runner } from '@openai/agents';
import { generateObject, generateText, type LanguageModel, stepCountIs, streamText, tool } from 'ai';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { mockedWorld } from '../http/http-world.js';

const PLACE = z.object({ city: z.string() });
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==';

const MODELS: Record<string, (baseURL: string) => LanguageModel> = {
  'AI SDK, responses': (baseURL) => createOpenAI({ baseURL, apiKey: 'any' })('auto'),
  'AI SDK, chat': (baseURL) => createOpenAI({ baseURL, apiKey: 'any' }).chat('auto'),
  'AI SDK, compatible': (baseURL) =>
    createOpenAICompatible({ baseURL, name: 'eccos', supportsStructuredOutputs: true })('auto'),
};

async function world() {
  const { mock, url, kernel } = await mockedWorld({ chunkSize: 5 }, { limits: { maxAttempts: 1 } });
  return { mock, kernel, baseURL: `${url}/v1` };
}

describe.each(Object.entries(MODELS))('%s', (_, modelAt) => {
  test('text and a stream, with usage', async () => {
    const { mock, baseURL } = await world();
    mock.onMessage('sky', { content: 'Blue, by and large.', usage: { prompt_tokens: 9, completion_tokens: 2 } });
    const model = modelAt(baseURL);
    const { text, usage, finishReason } = await generateText({ model, prompt: 'The sky?' });
    expect({ text, finishReason }).toEqual({ text: 'Blue, by and large.', finishReason: 'stop' });
    expect(usage).toMatchObject({ inputTokens: 9, outputTokens: 2 });
    const stream = streamText({ model, prompt: 'The sky?' });
    const pieces: string[] = [];
    for await (const piece of stream.textStream) pieces.push(piece);
    expect(pieces.join('')).toBe(text);
  });

  test('an agent calls a tool and uses its result, streamed', async () => {
    const { mock, baseURL } = await world();
    mock.on(
      { userMessage: 'weather', hasToolResult: false },
      { toolCalls: [{ name: 'weather', arguments: '{"city":"Rome"}' }] },
    );
    mock.on({ userMessage: 'weather', hasToolResult: true }, { content: 'Sunny in Rome.' });
    const weather = tool({ inputSchema: PLACE, execute: async ({ city }) => `sun over ${city}` });
    const stream = streamText({
      model: modelAt(baseURL),
      prompt: 'The weather?',
      tools: { weather },
      stopWhen: stepCountIs(3),
    });
    expect(await stream.text).toBe('Sunny in Rome.');
    expect((await stream.steps)[0]?.toolResults[0]).toMatchObject({ output: 'sun over Rome' });
    expect(JSON.stringify(mock.getLastRequest()?.body)).toContain('sun over Rome');
  });

  test('an object, and an image', async () => {
    const { mock, baseURL } = await world();
    mock.onMessage('picture', { content: '{"city":"Rome"}' });
    const image = { type: 'image' as const, image: Buffer.from(PIXEL, 'base64') };
    const content = [{ type: 'text' as const, text: 'picture' }, image];
    const { object } = await generateObject({
      model: modelAt(baseURL),
      schema: PLACE,
      messages: [{ role: 'user', content }],
    });
    expect(object).toEqual({ city: 'Rome' });
    expect(JSON.stringify(mock.getLastRequest()?.body)).toContain(PIXEL);
  });

  test('an error is an error, before and inside a stream', async () => {
    const { mock, baseURL } = await world();
    mock.onMessage('hello', { status: 500, error: { message: 'broken' } });
    const model = modelAt(baseURL);
    await expect(generateText({ model, prompt: 'hello', maxRetries: 0 })).rejects.toMatchObject({ statusCode: 502 });
    mock.onMessage('cut', { content: 'half of an answer' }, { truncateAfterChunks: 2 });
    const errors: unknown[] = [];
    const stream = streamText({ model, prompt: 'cut', maxRetries: 0, onError: ({ error }) => void errors.push(error) });
    await stream.consumeStream();
    expect(errors).toHaveLength(1);
  });

  test('an abort cancels the call', async () => {
    const { mock, baseURL, kernel } = await world();
    mock.onMessage('long', { content: 'word '.repeat(2000) }, { latency: 20, chunkSize: 5 });
    const controller = new AbortController();
    const stream = streamText({ model: modelAt(baseURL), prompt: 'long', abortSignal: controller.signal });
    for await (const _ of stream.textStream) controller.abort();
    await expect.poll(() => kernel.stats().syscalls).toMatchObject({ cancelled: 1, running: 0 });
  });
});

describe('LangChain', () => {
  const modelAt = (baseURL: string, model = 'auto') =>
    new ChatOpenAI({ model, apiKey: 'any', configuration: { baseURL }, maxRetries: 0 });

  test('text, a stream, tools and an object', async () => {
    const { mock, baseURL } = await world();
    mock.onMessage('sky', { content: 'Blue, by and large.' });
    mock.onMessage('weather', { toolCalls: [{ name: 'weather', arguments: '{"city":"Rome"}' }] });
    mock.onMessage('place', { content: '{"city":"Rome"}' });
    const model = modelAt(baseURL);
    expect((await model.invoke([new HumanMessage('sky')])).content).toBe('Blue, by and large.');
    let text = '';
    for await (const chunk of await model.stream('sky')) text += chunk.content;
    expect(text).toBe('Blue, by and large.');
    const tools = [{ type: 'function' as const, function: { name: 'weather', parameters: z.toJSONSchema(PLACE) } }];
    expect((await model.bindTools(tools).invoke('weather')).tool_calls).toMatchObject([
      { name: 'weather', args: { city: 'Rome' } },
    ]);
    expect(await model.withStructuredOutput(PLACE, { method: 'jsonSchema' }).invoke('place')).toEqual({ city: 'Rome' });
  });

  test('through the responses API', async () => {
    const { mock, baseURL } = await world();
    mock.onMessage('sky', { content: 'Blue.' });
    const model = new ChatOpenAI({ model: 'auto', apiKey: 'any', configuration: { baseURL }, useResponsesApi: true });
    expect((await model.invoke('sky')).text).toBe('Blue.');
  });

  test('an error is thrown', async () => {
    const { baseURL } = await world();
    await expect(modelAt(baseURL, 'gpt-9').invoke('x')).rejects.toMatchObject({ status: 404 });
  });
});

test('the agents SDK of OpenAI runs a loop of tools, whole and streamed', async () => {
  const { mock, baseURL } = await world();
  mock.on(
    { userMessage: 'weather', hasToolResult: false },
    { toolCalls: [{ name: 'weather', arguments: '{"city":"Rome"}' }] },
  );
  mock.on({ userMessage: 'weather', hasToolResult: true }, { content: 'Sunny in Rome.' });
  const weather = agentTool({
    name: 'weather',
    description: 'The weather',
    parameters: PLACE,
    execute: async ({ city }) => `sun over ${city}`,
  });
  const agent = new Agent({ name: 'reporter', instructions: 'Be brief.', tools: [weather], model: 'auto' });
  const runner = new Runner({ modelProvider: new OpenAIProvider({ apiKey: 'any', baseURL }), tracingDisabled: true });
  expect((await runner.run(agent, 'The weather?')).finalOutput).toBe('Sunny in Rome.');
  const streamed = await runner.run(agent, 'The weather?', { stream: true });
  await streamed.completed;
  expect(streamed.finalOutput).toBe('Sunny in Rome.');
});
