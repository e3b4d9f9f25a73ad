import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { calculator } from '../../../agents/examples/calculator.js';
import { fileReader } from '../../../agents/examples/file-reader.js';
import { ReactAgent } from '../../../agents/examples/react-agent.js';
import type { ChatReply } from '../../../agents/sdk/client.js';
import { connect } from '../../../agents/sdk/client.js';
import { type BootedKernel, bootKernel } from '../../../kernel/boot.js';
import { checkConfig } from '../../../kernel/config/config.js';
import { FakeOpenAI } from '../../support/fake-openai.js';
import type { FakeReply } from '../../support/fake-reply.js';
import { errorOf } from '../../support/kernel.js';

/** One scripted call of a tool by the model. */
const call = (id: string, name: string, input: string) => ({ id, name, arguments: input });

let provider: FakeOpenAI;
let kernel: BootedKernel;
let folder: string;
let agent: ReactAgent;

beforeEach(async () => {
  vi.stubEnv('REACT_TEST_KEY', 'sk-test');
  provider = await FakeOpenAI.start();
  const core = {
    id: 'provider',
    kind: 'provider',
    model: 'scripted',
    price: { inputPerMTok: 1, outputPerMTok: 10 },
    baseUrl: provider.baseUrl,
    apiKeyEnv: 'REACT_TEST_KEY',
    cap: 2,
    tools: true,
  };
  kernel = await bootKernel(checkConfig({ listen: { port: 0 }, cores: [core], log: { level: 'silent' } }, 'the test'));
  folder = await mkdtemp(join(tmpdir(), 'react-'));
  await writeFile(join(folder, 'prices.txt'), 'apples: 3\n');
  const { url } = await kernel.listen();
  agent = new ReactAgent(await connect({ url, name: 'react' }), {
    tools: [calculator, await fileReader(folder)],
    maxSteps: 6,
  });
});
afterEach(async () => {
  await agent.close();
  await kernel.stop();
  await provider.stop();
  await rm(folder, { recursive: true });
  vi.unstubAllEnvs();
});

/** What the model answers, one after the other; the last one again and again. */
function script(...replies: readonly FakeReply[]): void {
  provider.answer((_, index) => replies[Math.min(index, replies.length - 1)] ?? {});
}

/** The tool results that the provider was sent, in order. */
function results(): unknown[] {
  const messages = provider.requests.at(-1)?.body['messages'] as readonly Record<string, unknown>[];
  return messages.filter(({ role }) => role === 'tool').map((message) => [message['tool_call_id'], message['content']]);
}

test('a provider that calls tools, wrong ones too, gets their results and answers', async () => {
  script(
    { text: '', toolCalls: [call('a', 'read_file', '{"path":"prices.txt"}'), call('b', 'search', '{}')] },
    { text: '', toolCalls: [call('c', 'calculator', '{"expression":"3*14"}')] },
    { text: '', toolCalls: [call('d', 'read_file', '{"path":"../../etc/passwd"}')] },
    { text: 'They cost 42.' },
  );
  const replies: ChatReply[] = [];
  let text = '';
  const answer = await agent.run('What do 14 apples cost?', {
    onDelta: (delta) => (text += delta.text),
    onReply: (reply) => replies.push(reply),
  });
  expect([answer, text]).toEqual(['They cost 42.', 'They cost 42.']);
  expect(results()).toEqual([
    ['a', 'apples: 3\n'],
    ['b', expect.stringContaining('Error: expected one of the tools')],
    ['c', '42'],
    ['d', expect.stringContaining('Error: path: expected a file of this folder')],
  ]);
  expect(replies.map(({ core, finishReason }) => [core, finishReason])).toEqual([
    ...Array.from({ length: 3 }, () => ['provider', 'tool-calls']),
    ['provider', 'stop'],
  ]);
  expect(kernel.stats().syscalls).toMatchObject({ done: 4, failed: 0 });
});

test('arguments that are no JSON go back to the model as the result', async () => {
  script({ text: '', toolCalls: [call('a', 'calculator', '{"expression":')] }, { text: 'Sorry.' });
  expect(await agent.run('What is 6 x 7?')).toBe('Sorry.');
  expect(results()).toEqual([['a', 'Error: arguments: expected a JSON object']]);
});

test('the task after one that ran out of steps leaves no tool call without its result', async () => {
  script({ text: '', toolCalls: [call('a', 'calculator', '{"expression":"1+1"}')] });
  expect(await errorOf(agent.run('Never mind.'))).toMatchObject({ code: 'budget-exhausted' });
  expect(provider.requests).toHaveLength(6);
  provider.answer({ text: 'Hello.' });
  expect(await agent.run('Hello?')).toBe('Hello.');
  const messages = provider.requests.at(-1)?.body['messages'] as readonly Record<string, unknown>[];
  expect(messages.slice(-3)).toMatchObject([
    { role: 'assistant', tool_calls: [{ id: 'a' }] },
    { role: 'tool', tool_call_id: 'a', content: '2' },
    { role: 'user', content: 'Hello?' },
  ]);
});
