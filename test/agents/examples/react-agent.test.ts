import { beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { calculator } from '../../../agents/examples/calculator.js';
import { ReactAgent } from '../../../agents/examples/react-agent.js';
import { defineTool } from '../../../agents/examples/tool.js';
import type { ChatMessage } from '../../../syscalls/chat-message.js';
import { chatParams } from '../../../syscalls/llm-chat.js';
import { errorOf } from '../../support/kernel.js';
import { chatReply, FakeKernel, settle } from '../sdk/client-fake-kernel.js';

let kernel: FakeKernel;
beforeEach(() => {
  kernel = new FakeKernel();
});

type Step = string | readonly { readonly name: string; readonly input: string }[];

/** Runs the agent against a model that says these things, one after the other; the last one again and again. */
async function run(steps: readonly Step[], options: { maxSteps?: number } = {}) {
  const failing = defineTool({
    name: 'fail',
    description: 'Fails.',
    parameters: z.strictObject({}),
    run() {
      throw new Error('broken tool');
    },
  });
  const agent = new ReactAgent(await kernel.connect(), { tools: [calculator, failing], ...options });
  let ended = false;
  const answer = agent.run('What is 6 x 7?').finally(() => {
    ended = true;
  });
  answer.catch(() => {});
  const seen: ChatMessage[][] = [];
  for (let at = 0; ; at++) {
    await settle();
    if (ended) break;
    const request = kernel.peer.last('llm.chat');
    seen.push(chatParams.parse(request.params).messages);
    const step = steps[Math.min(at, steps.length - 1)] ?? '';
    const reply = chatReply(`s${at}`, typeof step === 'string' ? step : '');
    const calls = typeof step === 'string' ? [] : step;
    const toolCalls = calls.map(({ name, input }, n) => ({
      id: `call-${at}-${n}`,
      type: 'function' as const,
      function: { name, arguments: input },
    }));
    kernel.peer.reply(request, { ...reply, toolCalls });
  }
  return { answer, seen, results: seen.at(-1)?.filter(({ role }) => role === 'tool') };
}

test('runs the tools that the model asks for and hands back what they say, until it answers', async () => {
  const { answer, seen } = await run([
    [
      { name: 'calculator', input: '{"expression":"6*7"}' },
      { name: 'calculator', input: '{"expression":"1/3"}' },
    ],
    'It is 42.',
  ]);
  expect(await answer).toBe('It is 42.');
  expect(seen[1]?.slice(1)).toMatchObject([
    { role: 'user', content: 'What is 6 x 7?' },
    { role: 'assistant', content: null, tool_calls: [{ id: 'call-0-0' }, { id: 'call-0-1' }] },
    { role: 'tool', tool_call_id: 'call-0-0', content: '42' },
    { role: 'tool', tool_call_id: 'call-0-1', content: '0.3333333333333333' },
  ]);
});

describe('the model receives the error, and goes on, when it', () => {
  test.each([
    [
      'calls a tool that there is not',
      'search',
      '{}',
      'Error: expected one of the tools calculator, fail, got "search"',
    ],
    ['calls a tool by a name of the language', '__proto__', '{}', 'got "__proto__"'],
    ['writes arguments that are no JSON', 'calculator', '{"expression":', 'Error: arguments: expected a JSON object'],
    ['writes arguments that are no object', 'calculator', '[]', 'Error: arguments: Invalid input: expected object'],
    ['writes no arguments', 'calculator', '', 'Error: arguments.expression: '],
    ['writes a wrong argument', 'calculator', '{"expression":1}', 'Error: arguments.expression: '],
    [
      'writes one argument too many',
      'calculator',
      '{"expression":"1","x":1}',
      'Error: arguments: Unrecognized key: "x"',
    ],
    ['asks for what cannot be worked out', 'calculator', '{"expression":"1/0"}', 'Error: Expected a finite value'],
    ['calls a tool that fails', 'fail', '{}', 'Error: broken tool'],
  ])('%s', async (_, name, input, message) => {
    const { answer, results } = await run([[{ name, input }], 'I see.']);
    expect(await answer).toBe('I see.');
    expect(results).toEqual([{ role: 'tool', tool_call_id: 'call-0-0', content: expect.stringContaining(message) }]);
  });
});

test('a model that never answers is stopped after maxSteps', async () => {
  const { answer, seen } = await run([[{ name: 'calculator', input: '{"expression":"1"}' }]], { maxSteps: 3 });
  expect(await errorOf(answer)).toMatchObject({
    code: 'budget-exhausted',
    message: expect.stringContaining('3 steps'),
  });
  expect(seen).toHaveLength(3);
});
