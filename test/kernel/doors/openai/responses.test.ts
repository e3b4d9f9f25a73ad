import OpenAI from 'openai';
import { expect, test } from 'vitest';
import { eventsOf, mockedWorld, post } from '../http/http-world.js';

const PARAMETERS = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
const TOOL = { type: 'function' as const, name: 'weather', parameters: PARAMETERS, strict: false };
const CALLS = ['Rome', 'Oslo'].map((city) => ({ name: 'weather', arguments: JSON.stringify({ city }) }));

async function world() {
  const { mock, url } = await mockedWorld({ chunkSize: 5 });
  return { mock, url, openai: new OpenAI({ baseURL: `${url}/v1`, apiKey: 'any' }) };
}

test('text, with instructions and usage', async () => {
  const { mock, openai } = await world();
  mock.onMessage('sky', { content: 'Blue.', usage: { prompt_tokens: 9, completion_tokens: 2 } });
  const response = await openai.responses.create({
    model: 'auto',
    instructions: 'Be brief.',
    input: 'The sky?',
    store: false,
  });
  expect(response).toMatchObject({ output_text: 'Blue.', status: 'completed', model: 'gpt-test', store: false });
  expect(response.usage).toMatchObject({ input_tokens: 9, output_tokens: 2, total_tokens: 11 });
  expect(mock.getLastRequest()?.body).toMatchObject({
    messages: [{ role: 'system', content: 'Be brief.' }, { role: 'user' }],
  });
});

test('a stream makes up the same response', async () => {
  const { mock, openai } = await world();
  mock.onMessage('sky', { content: 'Blue, by and large.' });
  const stream = openai.responses.stream({ model: 'auto', input: 'The sky?' });
  const types: string[] = [];
  let text = '';
  for await (const event of stream) {
    types.push(event.type);
    if (event.type === 'response.output_text.delta') text += event.delta;
  }
  expect(text).toBe('Blue, by and large.');
  expect([types[0], types.at(-1)]).toEqual(['response.created', 'response.completed']);
  expect((await stream.finalResponse()).output_text).toBe(text);
});

test('tools are called in parallel, and their results go back', async () => {
  const { mock, openai } = await world();
  mock.onMessage('weather', { toolCalls: CALLS });
  const params = { model: 'auto', input: 'The weather?', tools: [TOOL] };
  const streamed = await openai.responses.stream(params).finalResponse();
  const whole = await openai.responses.create(params);
  for (const { output } of [streamed, whole]) {
    expect(output.map((item) => item.type === 'function_call' && JSON.parse(item.arguments))).toEqual([
      { city: 'Rome' },
      { city: 'Oslo' },
    ]);
  }
  mock.onMessage('so', { content: 'Sunny.' });
  const results = whole.output.flatMap((item) =>
    item.type === 'function_call'
      ? [{ type: 'function_call_output' as const, call_id: item.call_id, output: 'sun' }]
      : [],
  );
  const input = [
    { role: 'user' as const, content: 'weather' },
    ...whole.output,
    ...results,
    { role: 'user' as const, content: 'so' },
  ];
  expect((await openai.responses.create({ model: 'auto', input: input as never, tools: [TOOL] })).output_text).toBe(
    'Sunny.',
  );
  const { messages } = mock.getLastRequest()?.body as { messages: { role: string; tool_calls?: unknown[] }[] };
  expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool', 'tool', 'user']);
  expect(messages[1]?.tool_calls).toHaveLength(2);
});

test('an answer in a schema is parsed; an answer that is cut says so', async () => {
  const { mock, openai } = await world();
  mock.onMessage('place', { content: '{"city":"Rome"}' });
  mock.onMessage('long', { content: 'a long', finishReason: 'length' });
  const format = { type: 'json_schema' as const, name: 'place', schema: PARAMETERS };
  const parsed = await openai.responses.parse({ model: 'auto', input: 'place', text: { format } });
  expect(JSON.parse(parsed.output_text)).toEqual({ city: 'Rome' });
  expect(await openai.responses.create({ model: 'auto', input: 'long' })).toMatchObject({
    status: 'incomplete',
    incomplete_details: { reason: 'max_output_tokens' },
  });
});

test('what would need a store is refused', async () => {
  const { openai } = await world();
  const send = (more: object) => openai.responses.create({ model: 'auto', input: 'x', ...more });
  for (const more of [{ previous_response_id: 'resp_1' }, { conversation: 'conv_1' }, { background: true }]) {
    await expect(send(more)).rejects.toMatchObject({ status: 400, param: Object.keys(more)[0] });
  }
  await expect(send({ tools: [{ type: 'web_search' }] })).rejects.toMatchObject({ param: 'tools.0.type' });
});

test('sequence numbers rise without a gap, and each event is named', async () => {
  const { mock, url } = await world();
  mock.onMessage('weather', { content: 'I look.', toolCalls: CALLS });
  const events = await eventsOf(await post(`${url}/v1/responses`, { input: 'weather', stream: true, tools: [TOOL] }));
  const data = events.map((event) => JSON.parse(event.data) as { type: string; sequence_number: number });
  expect(data.map(({ sequence_number }) => sequence_number)).toEqual(data.map((_, at) => at));
  expect(data.map(({ type }) => type)).toEqual(events.map(({ name }) => name));
  const count = (type: string) => data.filter((event) => event.type === type).length;
  expect([count('response.output_item.added'), count('response.output_item.done')]).toEqual([3, 3]);
});
