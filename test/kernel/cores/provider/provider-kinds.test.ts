import { describe, expect, test } from 'vitest';
import { ask, callOf, errorOf } from '../ask.js';
import { CANARY_KEY, provider } from './provider-world.js';

const events = (...data: readonly object[]) => data.map((event) => `data: ${JSON.stringify(event)}\n\n`);

/** Events of one short answer, and how many of them a cut leaves. */
const PROTOCOLS = {
  anthropic: {
    key: 'x-api-key',
    body: events(
      {
        type: 'message_start',
        message: {
          id: 'm',
          type: 'message',
          role: 'assistant',
          model: 'x',
          content: [],
          usage: { input_tokens: 9, output_tokens: 1 },
        },
      },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'one' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: ' two' } },
      { type: 'content_block_stop', index: 0 },
      { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 5 } },
      { type: 'message_stop' },
    ),
    cutAfter: 4,
  },
  google: {
    key: 'x-goog-api-key',
    body: events(
      { candidates: [{ content: { role: 'model', parts: [{ text: 'one' }] } }] },
      {
        candidates: [{ content: { role: 'model', parts: [{ text: ' two' }] }, finishReason: 'STOP' }],
        usageMetadata: { promptTokenCount: 9, candidatesTokenCount: 5, totalTokenCount: 14 },
      },
    ),
    cutAfter: 1,
  },
  openai: {
    key: 'authorization',
    body: events(
      { id: 'c', choices: [{ index: 0, delta: { role: 'assistant', content: 'one' } }] },
      { id: 'c', choices: [{ index: 0, delta: { content: ' two' } }] },
      { id: 'c', choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
      { id: 'c', choices: [], usage: { prompt_tokens: 9, completion_tokens: 5, total_tokens: 14 } },
    ),
    cutAfter: 2,
  },
} as const;

describe.each(Object.keys(PROTOCOLS) as (keyof typeof PROTOCOLS)[])('provider %s', (name) => {
  const { body, cutAfter, key } = PROTOCOLS[name];
  const reply = (sent: readonly string[]) => ({ fault: { kind: 'verbatim' as const, body: sent.join('') } });

  test('answers, with its usage, for its own key', async () => {
    const { core, fake } = await provider(reply(body), { provider: name });
    const asked = ask(core, callOf('q'));
    expect(await asked.result).toMatchObject({
      toolCalls: [],
      finishReason: 'stop',
      usage: { inputTokens: 9, outputTokens: 5 },
      costUsd: (9 * 1 + 5 * 10) / 1e6,
    });
    expect(asked.text()).toBe('one two');
    expect(fake.requests[0]?.headers[key]).toContain(CANARY_KEY);
  });

  test('that is cut has failed, whatever text came before', async () => {
    const { core } = await provider(reply(body.slice(0, cutAfter)), { provider: name });
    expect(await errorOf(ask(core, callOf('q')).result)).toMatchObject({
      code: 'core-failed',
      message: 'The stream of the provider ended without its end mark',
    });
  });
});
