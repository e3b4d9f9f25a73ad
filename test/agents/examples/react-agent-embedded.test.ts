import { afterAll, beforeAll, expect, test } from 'vitest';
import { calculator } from '../../../agents/examples/calculator.js';
import { fileReader } from '../../../agents/examples/file-reader.js';
import { ReactAgent } from '../../../agents/examples/react-agent.js';
import { connect } from '../../../agents/sdk/client.js';
import type { BootedKernel } from '../../../kernel/boot.js';
import type { ChatReply } from '../../../syscalls/llm-chat.js';
import { bootEmbedded } from '../../support/embedded.js';

let kernel: BootedKernel;
let url: string;
beforeAll(async () => {
  ({ kernel, url } = await bootEmbedded());
});
afterAll(() => kernel.stop());

test('a ReAct agent works a sum out with the calculator', async () => {
  const agent = new ReactAgent(await connect({ url, name: 'react' }), { tools: [calculator] });
  const replies: ChatReply[] = [];
  const answer = await agent.run('What is 17 * 23?', { onReply: (reply) => replies.push(reply) });
  await agent.close();
  expect(answer).toMatch(/^(17 \* 23 = )?391\b/);
  expect(replies.map(({ toolCalls }) => toolCalls.map((call) => call.function))).toEqual([
    [{ name: 'calculator', arguments: '{"expression":"17 * 23"}' }],
    [],
  ]);
  expect(agent.history.at(-2)).toMatchObject({ role: 'tool', content: '391' });
});

test('a ReAct agent reads the file that its task names', async () => {
  const chat = { maxTokens: 60 };
  const tools = [calculator, await fileReader(import.meta.dirname)];
  const agent = new ReactAgent(await connect({ url, name: 'react' }), { tools, chat });
  const answer = await agent.run('What is the first line of react-agent-embedded.test.ts?');
  await agent.close();
  expect(answer).toMatch(/import \{ afterAll/);
});
