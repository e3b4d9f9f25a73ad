import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { ChatParams } from '../../syscalls/llm-chat.js';
import { kernelBefore, mockProviders } from './mocked-world.js';

/** Portkey's gateway: it speaks OpenAI's API to the kernel, and headers say which provider it asks, in the API of that provider. */
const FOLDER = dirname(createRequire(import.meta.url).resolve('@portkey-ai/gateway/package.json'));

let gateway: ChildProcess;
let baseUrl: string;
beforeAll(async () => {
  const port = await freePort();
  baseUrl = `http://127.0.0.1:${port}/v1`;
  const command = [join(FOLDER, 'build/start-server.js'), '--headless', `--port=${port}`];
  gateway = spawn(process.execPath, command, { stdio: 'ignore' });
  await vi.waitFor(() => fetch(`http://127.0.0.1:${port}/`), { timeout: 60_000, interval: 50 });
}, 90_000);
afterAll(async () => {
  const ended = once(gateway, 'close');
  gateway.kill();
  await ended;
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

const ask = (content: string, more: Omit<ChatParams, 'messages'> = {}) => ({
  messages: [{ role: 'user' as const, content }],
  ...more,
});

// Not google: the gateway reads a list in JSON from it, and the mock sends events.
describe.each([
  ['openai', '/v1/chat/completions'],
  ['anthropic', '/v1/messages'],
] as const)('through a gateway to %s', (provider, path) => {
  const world = async () => {
    const mock = await mockProviders({ chunkSize: 5 });
    const headers = { 'x-portkey-provider': provider, 'X-Portkey-Custom-Host': `${mock.url}/v1` };
    return { mock, client: await kernelBefore({ baseUrl, headers, apiKeyEnv: 'KEY' }) };
  };

  test('an answer is streamed, with its usage', async () => {
    const { mock, client } = await world();
    const usage = { prompt_tokens: 9, completion_tokens: 5, input_tokens: 9, output_tokens: 5 };
    mock.onMessage('sky', { content: 'Blue, by and large.', usage });
    const pieces: string[] = [];
    for await (const { text } of client.stream(ask('Why is the sky blue?'))) pieces.push(text);
    expect(pieces.join('')).toBe('Blue, by and large.');
    expect(mock.getLastRequest()?.path).toBe(path);
    expect(await client.chat(ask('Why is the sky blue?'))).toMatchObject({
      finishReason: 'stop',
      usage: { inputTokens: 9, outputTokens: 5 },
    });
  });

  test('tools are called in parallel', async () => {
    const { mock, client } = await world();
    const calls = ['Rome', 'Oslo'].map((city) => ({ name: 'weather', arguments: JSON.stringify({ city }) }));
    mock.onMessage('weather', { toolCalls: calls });
    const parameters = { type: 'object', properties: { city: { type: 'string' } } };
    const tools = [{ type: 'function' as const, function: { name: 'weather', parameters } }];
    const reply = await client.chat(ask('The weather?', { tools }));
    expect(reply.toolCalls.map((call) => JSON.parse(call.function.arguments))).toEqual([
      { city: 'Rome' },
      { city: 'Oslo' },
    ]);
  });

  test('a limit of the provider comes through, with its pause', async () => {
    const { mock, client } = await world();
    mock.onMessage('hello', { status: 429, error: { message: 'slowly' }, retryAfter: 7 });
    await expect(client.chat(ask('hello', { retry: 'never' }))).rejects.toMatchObject({
      code: 'core-failed',
      message: expect.stringMatching(/HTTP 429/),
      retryAfterMs: 7_000,
    });
  });
});

test('a route of the gateway, in a header of the core, asks a second provider when the first fails', async () => {
  const mock = await mockProviders();
  mock.on({ userMessage: 'hello', model: 'first' }, { status: 500, error: { message: 'broken' } });
  mock.on({ userMessage: 'hello', model: 'second' }, { content: 'Hello.' });
  const target = (provider: string, model: string) => ({
    provider,
    api_key: 'sk-right',
    custom_host: `${mock.url}/v1`,
    override_params: { model },
  });
  const route = { strategy: { mode: 'fallback' }, targets: [target('openai', 'first'), target('anthropic', 'second')] };
  const client = await kernelBefore({ baseUrl, headers: { 'x-portkey-config': JSON.stringify(route) } });
  expect(await client.chat(ask('hello'))).toMatchObject({ text: 'Hello.', attempts: 1 });
  expect(mock.getRequests().map((request) => request.path)).toEqual(['/v1/chat/completions', '/v1/messages']);
});
