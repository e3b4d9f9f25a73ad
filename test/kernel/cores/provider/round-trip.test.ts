import { describe, expect, test } from 'vitest';
import { assistantMessage } from '../../../../syscalls/assistant-message.js';
import type { ChatMessage } from '../../../../syscalls/chat-message.js';
import { chatParams, chatReply } from '../../../../syscalls/llm-chat.js';
import { anthropic, anthropicText, chunk, completion, events, google } from '../../../support/raw-provider.js';
import { answerOf, raw } from './raw-world.js';

const TOOLS = [{ type: 'function' as const, function: { name: 'get', parameters: { type: 'object' } } }];
const OK: Readonly<Record<string, object[]>> = {
  anthropic: anthropic([anthropicText('ok')]),
  google: [google([{ text: 'ok' }])],
  openai: completion('ok'),
  'openai-compatible': completion('ok'),
};

/** Asks, puts the answer into the history, and asks again. @returns the body of the second request */
async function twice(provider: string, first: readonly object[]) {
  const { core, provider: fake } = await raw(
    (response, _, index) =>
      events(response, index === 0 ? first : (OK[provider] ?? []), { done: provider.startsWith('openai') }),
    { provider, model: provider === 'google' ? 'gemini-3-pro' : 'm' },
  );
  const question: ChatMessage = { role: 'user', content: 'weather?' };
  const reply = await answerOf(core, { messages: [question], tools: TOOLS });
  const said = assistantMessage({ ...reply, toolCalls: [...reply.toolCalls] });
  const results = reply.toolCalls.map((call): ChatMessage => ({ role: 'tool', tool_call_id: call.id, content: '5 C' }));
  const messages = [question, said, ...results, { role: 'user' as const, content: 'and now?' }];
  // What an agent sends is what the protocol takes.
  await answerOf(core, { messages: chatParams.parse({ messages }).messages, tools: TOOLS });
  return { reply, body: fake.requests[1]?.body };
}

describe('what a model said goes back as it was', () => {
  test('Anthropic’s thoughts with their signature, and those that only it can read', async () => {
    const { reply, body } = await twice(
      'anthropic',
      anthropic(
        [
          {
            start: { type: 'thinking', thinking: '', signature: '' },
            deltas: [
              { type: 'thinking_delta', thinking: 'Let me ' },
              { type: 'thinking_delta', thinking: 'look.' },
              { type: 'signature_delta', signature: 'SIG-A' },
            ],
          },
          { start: { type: 'redacted_thinking', data: 'SECRET-B' } },
          anthropicText('I look.'),
          {
            start: { type: 'tool_use', id: 't1', name: 'get', input: {} },
            deltas: [{ type: 'input_json_delta', partial_json: '{"city":"Oslo"}' }],
          },
        ],
        'tool_use',
      ),
    );
    expect(reply.reasoning).toBe('Let me look.');
    expect(body.messages[1].content).toMatchObject([
      { type: 'thinking', thinking: 'Let me look.', signature: 'SIG-A' },
      { type: 'redacted_thinking', data: 'SECRET-B' },
      { type: 'text', text: 'I look.' },
      { type: 'tool_use', id: 't1', name: 'get', input: { city: 'Oslo' } },
    ]);
  });

  test('Google’s signatures of calls, thoughts and texts', async () => {
    const parts = [
      { text: 'hm', thought: true, thoughtSignature: 'SIG-T' },
      { text: 'I look.', thoughtSignature: 'SIG-X' },
      { functionCall: { name: 'get', args: { city: 'Oslo' } }, thoughtSignature: 'SIG-C' },
    ];
    const { reply, body } = await twice('google', [google(parts)]);
    expect(reply.toolCalls[0]?.extra_content).toEqual({ google: { thought_signature: 'SIG-C' } });
    expect(body.contents[1].parts).toMatchObject(parts);
  });

  test('a server’s reasoning text, its details, and what it wants back with a call', async () => {
    const details = [
      { type: 'reasoning.text', text: 'Let me ', format: 'anthropic-claude-v1', index: 0 },
      { type: 'reasoning.text', text: 'look.', signature: 'SIG', format: 'anthropic-claude-v1', index: 0 },
      { type: 'reasoning.encrypted', data: 'SECRET', id: 'r1', index: 1 },
    ];
    const call = {
      index: 0,
      id: 'c1',
      type: 'function',
      function: { name: 'get', arguments: '' },
      extra_content: { google: { thought_signature: 'SIG-C' } },
    };
    const { reply, body } = await twice('openai-compatible', [
      chunk({ reasoning: 'Let me ', reasoning_details: [details[0]] }),
      chunk({ reasoning: 'look.', reasoning_details: [details[1], details[2]] }),
      chunk({ tool_calls: [call] }),
      chunk({}, 'tool_calls'),
    ]);
    const { index: _, ...sent } = call;
    expect(reply.reasoning).toBe('Let me look.');
    expect(body.messages[1]).toEqual({
      role: 'assistant',
      content: null,
      reasoning: 'Let me look.',
      reasoning_details: [
        { type: 'reasoning.text', text: 'Let me look.', signature: 'SIG', format: 'anthropic-claude-v1', index: 0 },
        details[2],
      ],
      // Empty arguments stay as they were.
      tool_calls: [sent],
    });
  });

  test('OpenAI’s own API gets nothing that it does not know', async () => {
    const { core, provider } = await raw((response) => events(response, completion('ok'), { done: true }), {
      provider: 'openai',
    });
    const messages: ChatMessage[] = [
      {
        role: 'developer',
        content: [{ type: 'text', text: 'brief', cache_control: { type: 'ephemeral' } }],
        cache_control: { type: 'ephemeral' },
      },
      { role: 'user', content: 'hi', name: 'ann' },
      {
        role: 'assistant',
        content: 'x',
        reasoning_content: 'hm',
        reasoning_details: [],
        refusal: null,
        annotations: [],
        tool_calls: [],
      },
      { role: 'user', content: 'go on' },
    ];
    await answerOf(core, { messages });
    expect(provider.requests[0]?.body.messages).toEqual([
      { role: 'developer', content: [{ type: 'text', text: 'brief' }] },
      { role: 'user', content: 'hi', name: 'ann' },
      { role: 'assistant', content: 'x', refusal: null },
      { role: 'user', content: 'go on' },
    ]);
  });

  test('LiteLLM’s blocks of thoughts, and its fields of a call', async () => {
    const block = { type: 'thinking', thinking: 'Let me look.', signature: 'SIG' };
    const fields = { provider_specific_fields: { thought_signature: 'SIG-C' } };
    const call = { id: 'c1', type: 'function', function: { name: 'get', arguments: '{}' } };
    const { body } = await twice('openai-compatible', [
      chunk({ thinking_blocks: [{ type: 'thinking', thinking: 'Let me ' }] }),
      chunk({ thinking_blocks: [{ type: 'thinking', thinking: 'look.' }] }),
      chunk({ thinking_blocks: [{ type: 'thinking', signature: 'SIG' }] }),
      chunk({ tool_calls: [{ index: 0, ...call, ...fields }] }),
      chunk({}, 'tool_calls'),
    ]);
    expect(body.messages[1]).toMatchObject({ thinking_blocks: [block], tool_calls: [{ ...call, ...fields }] });
  });

  test('thoughts under the name that the server has for them', async () => {
    const { body } = await twice('openai-compatible', [
      chunk({ reasoning: 'hm' }),
      chunk({ content: 'ok' }),
      chunk({}, 'stop'),
    ]);
    expect(body.messages[1]).toEqual({ role: 'assistant', content: 'ok', reasoning: 'hm' });
  });

  test('results of calls that were made together go back together', async () => {
    const parts = ['a', 'b'].map((name) => ({ functionCall: { name: 'get', args: { name } } }));
    const { body } = await twice('google', [google(parts)]);
    expect(body.contents[2].parts.filter((part: object) => 'functionResponse' in part).length).toBe(2);
  });

  test('thoughts of one provider are not sent to another', async () => {
    const thought = {
      role: 'assistant' as const,
      content: 'x',
      reasoning_details: [{ type: 'reasoning.text', text: 'hm', signature: 'S', format: 'anthropic' }],
    };
    for (const provider of ['google', 'openai-compatible', 'openai']) {
      const { core, provider: fake } = await raw((response) => events(response, OK[provider] ?? [], { done: true }), {
        provider,
      });
      await answerOf(core, {
        messages: [{ role: 'user', content: 'hi' }, thought, { role: 'user', content: 'go on' }],
      });
      expect(JSON.stringify(fake.requests[0]?.body)).not.toContain('signature');
    }
  });
});

describe('arguments of a call that goes back', () => {
  test.each([
    ['', {}],
    ['  ', {}],
    ['{"a":1}', { a: 1 }],
    ['[1]', { arguments: '[1]' }],
    ['null', { arguments: 'null' }],
    ['{"a":', { arguments: '{"a":' }],
  ])('%j is an object where the provider wants one, and stays as it was elsewhere', async (text, object) => {
    const messages: ChatMessage[] = [
      { role: 'user', content: 'time?' },
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'c1', type: 'function', function: { name: 'now', arguments: text } }],
      },
      { role: 'tool', tool_call_id: 'c1', content: '12:00' },
    ];
    const sent = async (provider: string) => {
      const { core, provider: fake } = await raw((response) => events(response, OK[provider] ?? [], { done: true }), {
        provider,
      });
      await answerOf(core, { messages });
      return fake.requests[0]?.body;
    };
    expect((await sent('anthropic')).messages[1].content[0].input).toEqual(object);
    expect((await sent('google')).contents[1].parts[0].functionCall.args).toEqual(object);
    expect((await sent('openai-compatible')).messages[1].tool_calls[0].function.arguments).toBe(text);
    expect((await sent('openai')).messages[1].tool_calls[0].function.arguments).toBe(text);
  });

  test.each([
    '12345',
    'functions.get:0',
    'x'.repeat(400),
    'äö',
    'call_1',
  ])('the id %s is the same in call and result', async (id) => {
    const messages: ChatMessage[] = [
      { role: 'user', content: 'time?' },
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id, type: 'function', function: { name: 'now', arguments: '{}' } }],
      },
      { role: 'tool', tool_call_id: id, content: '12:00' },
    ];
    const { core, provider } = await raw((response) => events(response, OK['anthropic'] ?? []), {
      provider: 'anthropic',
    });
    await answerOf(core, { messages });
    const [, call, result] = provider.requests[0]?.body.messages ?? [];
    expect(result.content[0].tool_use_id).toBe(call.content[0].id);
    expect(call.content[0].id).toMatch(/^[\w-]+$/);
    if (/^[\w-]+$/.test(id)) expect(call.content[0].id).toBe(id);
    const server = await raw((response) => events(response, completion('ok'), { done: true }));
    await answerOf(server.core, { messages });
    expect(server.provider.requests[0]?.body.messages[2].tool_call_id).toBe(id);
  });
});

test('a reply with all of it fits the protocol', () => {
  const reply = {
    syscallId: 's1',
    text: '',
    toolCalls: [
      {
        id: 'x'.repeat(500),
        type: 'function',
        function: { name: 'n'.repeat(200), arguments: '' },
        extra_content: { a: 1 },
      },
    ],
    reasoning: 'hm',
    reasoningDetails: [{ type: 'reasoning.encrypted', data: 'x', of: 'text', format: 'google' }],
    finishReason: 'tool-calls',
    usage: { inputTokens: 1, outputTokens: 1, reprefillTokens: 0, reasoningTokens: 1 },
    costUsd: 0,
    core: 'a',
    reason: '',
    attempts: 1,
    preemptions: 0,
    times: { accepted: 0, scheduled: 0, started: 0, ended: 0 },
  };
  expect(chatReply.safeParse(reply).error).toBe(undefined);
});
