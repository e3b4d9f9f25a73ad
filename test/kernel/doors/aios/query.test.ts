import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { mockedWorld, post } from '../http/http-world.js';

const ask = (query_data: object) => ({ agent_name: 'demo', query_type: 'llm', query_data });
const said = (content: string) => [{ role: 'user', content }];

async function world() {
  const { mock, url, kernel } = await mockedWorld({ chunkSize: 5 });
  const query = async (body: unknown) => {
    const response = await post(`${url}/query`, body);
    // biome-ignore lint/suspicious/noExplicitAny: what a test looks for in a body is up to the test
    return { status: response.status, body: (await response.json()) as any };
  };
  return { mock, url, kernel, query };
}

test('a chat is answered in the shape that the SDK reads, and settings are kept', async () => {
  const { mock, query } = await world();
  mock.onMessage('sky', { content: 'Blue.' });
  const data = {
    llms: [{ name: 'gpt-test', backend: 'any' }],
    messages: said('sky'),
    action_type: 'chat',
    tools: null,
  };
  const { status, body } = await query(
    ask({ ...data, temperature: 0.5, max_new_tokens: 40, message_return_type: 'text' }),
  );
  expect(status).toBe(200);
  expect(body.response).toEqual({
    response_class: 'llm',
    response_message: 'Blue.',
    tool_calls: null,
    finished: true,
    error: null,
    status_code: 200,
  });
  for (const name of ['start_times', 'end_times', 'waiting_times', 'turnaround_times'])
    expect(body[name]).toHaveLength(1);
  expect(mock.getLastRequest()?.body).toMatchObject({ temperature: 0.5, max_tokens: 40 });
});

test.each([
  [{ type: 'function', function: { name: 'weather', parameters: { type: 'object' } } }],
  [{ name: 'weather', description: 'The weather', parameters: { type: 'object' } }],
])('tools in either form are called, with parameters as an object', async (tool) => {
  const { mock, query } = await world();
  mock.onMessage('weather', { toolCalls: [{ name: 'weather', arguments: '{"city":"Rome"}' }] });
  const { body } = await query(
    ask({ messages: said('weather'), tools: [tool], action_type: 'chat_with_tool_call_output' }),
  );
  expect(body.response.tool_calls).toMatchObject([{ name: 'weather', parameters: { city: 'Rome' }, type: 'function' }]);
});

test('JSON output', async () => {
  const { mock, query } = await world();
  mock.onMessage('place', { content: '{"city":"Rome"}' });
  const { body } = await query(ask({ messages: said('place'), action_type: 'chat_with_json_output' }));
  expect(JSON.parse(body.response.response_message)).toEqual({ city: 'Rome' });
  expect(mock.getLastRequest()?.body).toMatchObject({ response_format: { type: 'json_object' } });
});

test('a call that fails is an answer with its error; a body that is no query is not', async () => {
  const { query } = await world();
  const failed = async (body: unknown) => (await query(body)).body.response;
  expect(await failed(ask({ llms: [{ name: 'gpt-9' }], messages: said('x') }))).toMatchObject({
    finished: true,
    status_code: 404,
    error: expect.stringMatching(/gpt-9/),
  });
  expect(await failed({ ...ask({}), query_type: 'memory' })).toMatchObject({ status_code: 501 });
  expect(await failed(ask({ messages: said('x'), action_type: 'operate_file' }))).toMatchObject({ status_code: 501 });
  expect(await failed(ask({ messages: 7 }))).toMatchObject({ status_code: 400 });
  expect(await query({ agent_name: 'demo' })).toMatchObject({ status: 422, body: { detail: expect.any(String) } });
  expect(await query('{')).toMatchObject({ status: 422 });
});

test('lists and states', async () => {
  const { url } = await world();
  const get = async (path: string) => (await fetch(url + path)).json();
  expect(await get('/core/llms/list')).toEqual({
    status: 'success',
    llms: [{ name: 'gpt-test', provider: 'eccos', backend: 'eccos' }],
  });
  expect(await get('/status')).toMatchObject({ status: 'ok' });
  expect(await get('/core/status')).toMatchObject({ llms: 'active', scheduler: 'active' });
});

const PYTHON = `
import json, sys, requests
url = sys.argv[1]
ask = {"model": "auto", "messages": [{"role": "user", "content": "sky"}]}
whole = requests.post(url + "/v1/chat/completions", json=ask)
whole.raise_for_status()
text = ""
with requests.post(url + "/v1/chat/completions", json={**ask, "stream": True}, stream=True) as stream:
    stream.raise_for_status()
    lines = [line[6:] for line in stream.iter_lines(decode_unicode=True) if line.startswith("data: ")]
for line in lines[:-1]:
    for choice in json.loads(line)["choices"]:
        text += choice["delta"].get("content", "")
query = {"agent_name": "py", "query_type": "llm", "query_data": {"llms": None, "messages": ask["messages"], "tools": None}}
answer = requests.post(url + "/query", json=query)
answer.raise_for_status()
print(json.dumps([whole.json()["choices"][0]["message"]["content"], text, lines[-1], answer.json()["response"]["response_message"]]))
`;

function hasRequests(): boolean {
  try {
    execFileSync('python3', ['-c', 'import requests'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const missing = hasRequests() ? undefined : 'python3 with requests is not installed';
if (missing !== undefined) process.stderr.write(`skipped: HTTP from Python: ${missing}\n`);

test.skipIf(missing !== undefined)('from Python: a chat, a stream and a query', async () => {
  const { mock, url } = await world();
  mock.onMessage('sky', { content: 'Blue, by and large.' });
  const { stdout } = await promisify(execFile)('python3', ['-c', PYTHON, url]);
  const text = 'Blue, by and large.';
  expect(JSON.parse(stdout)).toEqual([text, text, '[DONE]', text]);
});
