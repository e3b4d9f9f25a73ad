import OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import { mockedWorld } from '../http/http-world.js';

const PARAMETERS = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
const TOOLS = [{ type: 'function' as const, function: { name: 'weather', parameters: PARAMETERS } }];
const PIXEL =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==';

const ask = (content: string) => [{ role: 'user' as const, content }];

async function world(limits: object = {}) {
  const { mock, url, kernel } = await mockedWorld({ chunkSize: 5 }, { limits });
  return { mock, url, kernel, openai: new OpenAI({ baseURL: `${url}/v1`, apiKey: 'any' }) };
}

describe('chat completions', () => {
  test('text, usage and what the kernel says in headers', async () => {
    const { mock, openai } = await world();
    mock.onMessage('sky', { content: 'Blue.', usage: { prompt_tokens: 9, completion_tokens: 2 } });
    const { data, response } = await openai.chat.completions
      .create({ model: 'auto', messages: ask('Why is the sky blue?'), user: 'watcher' })
      .withResponse();
    expect(data).toMatchObject({ object: 'chat.completion', model: 'gpt-test' });
    expect(data.choices[0]).toMatchObject({ message: { content: 'Blue.', refusal: null }, finish_reason: 'stop' });
    expect(data.usage).toMatchObject({ prompt_tokens: 9, completion_tokens: 2, total_tokens: 11 });
    expect(data).toMatchObject({ _request_id: expect.stringMatching(/^req_/) });
    const header = (name: string) => response.headers.get(`x-eccos-${name}`);
    expect(data.id).toBe(`chatcmpl-${header('syscall')}`);
    expect([header('core'), header('attempts'), header('pid')]).toEqual(['gpt-test', '1', '1']);
    expect(Number(header('cost-usd'))).toBeGreaterThan(0);
  });

  test('a stream, with usage where it is asked for', async () => {
    const { mock, openai } = await world();
    mock.onMessage('sky', { content: 'Blue, by and large.' });
    const stream = await openai.chat.completions.create({
      model: 'gpt-test',
      messages: ask('sky'),
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toBe('Blue, by and large.');
    expect(chunks[0]).toMatchObject({ model: 'gpt-test', choices: [{ delta: { role: 'assistant' } }] });
    expect(new Set(chunks.map(({ id }) => id)).size).toBe(1);
    expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe('stop');
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: expect.any(Number) } });
  });

  test('tools are called in parallel, with arguments as they are written', async () => {
    const { mock, openai } = await world();
    const calls = ['Rome', 'Oslo'].map((city) => ({ name: 'weather', arguments: JSON.stringify({ city }) }));
    mock.onMessage('weather', { toolCalls: calls });
    const params = { model: 'auto', messages: ask('weather?'), tools: TOOLS, parallel_tool_calls: true };
    const whole = await openai.chat.completions.create(params);
    expect(whole.choices[0]).toMatchObject({ finish_reason: 'tool_calls', message: { content: null } });
    const stream = openai.chat.completions.stream(params);
    const pieces: string[] = [];
    stream.on('tool_calls.function.arguments.delta', ({ arguments_delta }) => pieces.push(arguments_delta));
    const { choices } = await stream.finalChatCompletion();
    for (const answer of [whole.choices[0], choices[0]]) {
      const called = answer?.message.tool_calls ?? [];
      expect(called.map((call) => (call.type === 'function' ? JSON.parse(call.function.arguments) : {}))).toEqual([
        { city: 'Rome' },
        { city: 'Oslo' },
      ]);
      expect(new Set(called.map(({ id }) => id)).size).toBe(2);
    }
    expect(pieces.length).toBeGreaterThanOrEqual(2);
  });

  test('a loop of tools: calls and results go back, and the provider gets them as they were', async () => {
    const { mock, openai } = await world();
    mock.onMessage('Rome', { toolCalls: [{ name: 'weather', arguments: '{"city":"Rome"}' }] });
    const first = await openai.chat.completions.create({ model: 'auto', messages: ask('Rome'), tools: TOOLS });
    const message = first.choices[0]?.message;
    const id = message?.tool_calls?.[0]?.id ?? '';
    mock.onMessage('so?', { content: 'Sunny.' });
    const messages = [
      ...ask('Rome'),
      message as never,
      { role: 'tool' as const, tool_call_id: id, content: 'sun' },
      ...ask('so?'),
    ];
    const second = await openai.chat.completions.create({ model: 'auto', messages, tools: TOOLS, tool_choice: 'auto' });
    expect(second.choices[0]?.message.content).toBe('Sunny.');
    expect(mock.getLastRequest()?.body).toMatchObject({
      messages: [
        { role: 'user' },
        { role: 'assistant', tool_calls: [{ id, function: { name: 'weather', arguments: '{"city":"Rome"}' } }] },
        { role: 'tool', tool_call_id: id, content: 'sun' },
        { role: 'user' },
      ],
    });
  });

  test('an answer in a schema is parsed, and settings and images reach the provider', async () => {
    const { mock, openai } = await world();
    mock.onMessage('picture', { content: '{"city":"Rome"}' });
    const format = { type: 'json_schema' as const, json_schema: { name: 'place', schema: PARAMETERS, strict: true } };
    const answer = await openai.chat.completions.parse({
      model: 'auto',
      messages: [
        { role: 'developer', content: 'Be brief.' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'picture' },
            { type: 'image_url', image_url: { url: PIXEL } },
          ],
        },
      ],
      response_format: format,
      temperature: 0.5,
      top_p: 0.9,
      stop: ['END'],
      seed: 7,
      max_completion_tokens: 50,
    });
    expect(JSON.parse(answer.choices[0]?.message.content ?? '')).toEqual({ city: 'Rome' });
    expect(mock.getLastRequest()?.body).toMatchObject({ temperature: 0.5, top_p: 0.9, stop: ['END'], seed: 7 });
    expect(JSON.stringify(mock.getLastRequest()?.body)).toContain(PIXEL);
  });

  test('models', async () => {
    const { openai } = await world();
    const ids = [];
    for await (const { id } of openai.models.list()) ids.push(id);
    expect(ids).toEqual(['auto', 'gpt-test']);
    expect(await openai.models.retrieve('gpt-test')).toMatchObject({ id: 'gpt-test', object: 'model' });
    await expect(openai.models.retrieve('gpt-9')).rejects.toMatchObject({ status: 404, code: 'model_not_found' });
  });

  test('an error of the provider is tried again by the kernel and then by the SDK', async () => {
    const { mock, openai } = await world({ maxAttempts: 2 });
    mock.onMessage('hello', { status: 500, error: { message: 'broken' } });
    const failing = openai.chat.completions.create({ model: 'auto', messages: ask('hello') }, { maxRetries: 1 });
    await expect(failing).rejects.toMatchObject({ status: 502, type: 'server_error', code: 'core_failed' });
    expect(mock.getRequests()).toHaveLength(4);
  });

  test('what is wrong is said once, and not tried again', async () => {
    const { mock, openai } = await world();
    const send = (more: object) => openai.chat.completions.create({ model: 'auto', messages: ask('x'), ...more });
    await expect(send({ model: 'gpt-9' })).rejects.toMatchObject({
      status: 404,
      code: 'model_not_found',
      param: 'model',
    });
    await expect(send({ top_p: 3 })).rejects.toMatchObject({ status: 400, param: 'top_p' });
    await expect(send({ n: 2 })).rejects.toMatchObject({ status: 400, param: 'n', code: 'unsupported_value' });
    await expect(send({ messages: [{ role: 'nobody', content: '' }] })).rejects.toMatchObject({
      param: 'messages.0.role',
    });
    expect(mock.getRequests()).toHaveLength(0);
  });

  test('an abort cancels the call and the request to the provider', async () => {
    const { mock, openai, kernel } = await world();
    mock.onMessage('long', { content: 'word '.repeat(2000) }, { latency: 20, chunkSize: 5 });
    const controller = new AbortController();
    const stream = await openai.chat.completions.create(
      { model: 'auto', messages: ask('long'), stream: true },
      { signal: controller.signal },
    );
    for await (const _ of stream) controller.abort();
    await expect.poll(() => kernel.stats().syscalls).toMatchObject({ cancelled: 1, running: 0, pending: 0 });
  });
});
