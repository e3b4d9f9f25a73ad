import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { Bill } from '../../../../kernel/cores/core.js';
import { anthropic, anthropicText, chunk, events, google } from '../../../support/raw-provider.js';
import { ask, callOf, errorOf } from '../ask.js';
import { answerOf, raw } from './raw-world.js';

const end = (usage: unknown) => [
  chunk({ content: 'one two three four five' }),
  chunk({}, 'stop'),
  { choices: [], usage },
];

describe('OpenAI’s usage', () => {
  test.each<[string, unknown, object, true | undefined]>([
    [
      'whole',
      { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
      { inputTokens: 10, outputTokens: 5 },
      undefined,
    ],
    [
      'zeros that are said',
      { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 },
      { inputTokens: 0, outputTokens: 0 },
      undefined,
    ],
    ['no output', { prompt_tokens: 10 }, { inputTokens: 10, outputTokens: 5 }, true],
    ['no input', { completion_tokens: 4 }, { inputTokens: 10, outputTokens: 4 }, true],
    [
      'no input but a total',
      { completion_tokens: 4, total_tokens: 24 },
      { inputTokens: 20, outputTokens: 4 },
      undefined,
    ],
    ['no output but a total', { prompt_tokens: 20, total_tokens: 24 }, { inputTokens: 20, outputTokens: 4 }, undefined],
    ['the total alone', { total_tokens: 60 }, { inputTokens: 10, outputTokens: 5 }, true],
    ['null', null, { inputTokens: 10, outputTokens: 5 }, true],
    ['nonsense', { prompt_tokens: -3, completion_tokens: 'many' }, { inputTokens: 10, outputTokens: 5 }, true],
    [
      'digits as text',
      { prompt_tokens: '12', completion_tokens: '6' },
      { inputTokens: 12, outputTokens: 6 },
      undefined,
    ],
    [
      'thoughts beside the completion',
      {
        prompt_tokens: 10,
        completion_tokens: 5,
        total_tokens: 315,
        completion_tokens_details: { reasoning_tokens: 300 },
      },
      { inputTokens: 10, outputTokens: 305, reasoningTokens: 300 },
      undefined,
    ],
    [
      'thoughts beside the completion, without a total',
      { prompt_tokens: 10, completion_tokens: 5, completion_tokens_details: { reasoning_tokens: 50 } },
      { inputTokens: 10, outputTokens: 55, reasoningTokens: 50 },
      undefined,
    ],
    [
      'thoughts within the completion',
      {
        prompt_tokens: 10,
        completion_tokens: 305,
        total_tokens: 315,
        completion_tokens_details: { reasoning_tokens: 300 },
      },
      { inputTokens: 10, outputTokens: 305, reasoningTokens: 300 },
      undefined,
    ],
    [
      'cached, as OpenAI says it',
      { prompt_tokens: 100, completion_tokens: 1, prompt_tokens_details: { cached_tokens: 90, audio_tokens: 3 } },
      { inputTokens: 100, outputTokens: 1, cachedInputTokens: 90, audioInputTokens: 3 },
      undefined,
    ],
    [
      'cached, as DeepSeek says it',
      { prompt_tokens: 100, completion_tokens: 1, prompt_cache_hit_tokens: 80, prompt_cache_miss_tokens: 20 },
      { inputTokens: 100, outputTokens: 1, cachedInputTokens: 80 },
      undefined,
    ],
    [
      'cached and written, as a router says it',
      { prompt_tokens: 100, completion_tokens: 1, cache_read_input_tokens: 50, cache_creation_input_tokens: 40 },
      { inputTokens: 100, outputTokens: 1, cachedInputTokens: 50, cacheWriteTokens: 40 },
      undefined,
    ],
  ])('%s', async (_, usage, expected, isEstimated) => {
    const { core } = await raw((response) => events(response, end(usage), { done: true }));
    const answer = await answerOf(core);
    expect(answer.usage).toEqual(expected);
    expect(answer.isEstimated).toBe(isEstimated);
    const { inputTokens, outputTokens } = answer.usage;
    expect(answer.costUsd).toBeCloseTo((inputTokens + outputTokens * 10) / 1e6, 12);
  });

  test.each<[string, object, number]>([
    ['OpenRouter', { cost: 0.0123 }, 0.0123],
    ['Perplexity', { cost: { total_cost: 0.5, currency: 'USD' } }, 0.5],
    ['DeepInfra', { estimated_cost: 0.25 }, 0.25],
  ])('the cost that %s reports is kept beside ours', async (_, more, providerCostUsd) => {
    const usage = { prompt_tokens: 10, completion_tokens: 5, ...more };
    const { core } = await raw((response) => events(response, end(usage), { done: true }));
    expect(await answerOf(core)).toMatchObject({ providerCostUsd, costUsd: 60e-6 });
  });

  test('the cost in a header too, and the usage in Groq’s place', async () => {
    const { core } = await raw((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'x-litellm-response-cost': '0.75' });
      events(response, [
        chunk({ content: 'a' }),
        chunk({}, 'stop', { x_groq: { usage: { prompt_tokens: 4, completion_tokens: 2 } } }),
      ]);
    });
    expect(await answerOf(core)).toMatchObject({ providerCostUsd: 0.75, usage: { inputTokens: 4, outputTokens: 2 } });
  });
});

describe('Anthropic’s usage', () => {
  test('has what came from the cache, and went to it, beside the input', async () => {
    const list = anthropic([anthropicText('a')], 'end_turn', {
      output_tokens: 7,
      input_tokens: 5,
      cache_read_input_tokens: 100,
      cache_creation_input_tokens: 20,
    });
    const price = { inputPerMTok: 1, outputPerMTok: 10, cachedInputPerMTok: 0.1, cacheWritePerMTok: 1.25 };
    const { core } = await raw((response) => events(response, list), { provider: 'anthropic', price });
    const { usage, costUsd } = await answerOf(core);
    expect(usage).toEqual({ inputTokens: 125, outputTokens: 7, cachedInputTokens: 100, cacheWriteTokens: 20 });
    expect(costUsd).toBeCloseTo((5 + 10 + 25 + 70) / 1e6, 12);
  });

  test('of the end may lack the input, or have zeros for it', async () => {
    for (const usage of [{ output_tokens: 7 }, { output_tokens: 7, input_tokens: 0 }]) {
      const { core } = await raw((response) => events(response, anthropic([anthropicText('a')], 'end_turn', usage)), {
        provider: 'anthropic',
      });
      expect((await answerOf(core)).usage).toEqual({ inputTokens: 5, outputTokens: 7 });
    }
  });

  test('without the end’s output is estimated', async () => {
    const list = anthropic([anthropicText('one two three')], 'end_turn', {});
    const { core } = await raw((response) => events(response, list), { provider: 'anthropic' });
    expect(await answerOf(core)).toMatchObject({ usage: { inputTokens: 5, outputTokens: 3 }, isEstimated: true });
  });
});

test('Google’s usage: thoughts and tools count, audio is apart', async () => {
  const usage = {
    promptTokenCount: 20,
    toolUsePromptTokenCount: 5,
    cachedContentTokenCount: 10,
    candidatesTokenCount: 7,
    thoughtsTokenCount: 30,
    totalTokenCount: 62,
    promptTokensDetails: [
      { modality: 'TEXT', tokenCount: 8 },
      { modality: 'AUDIO', tokenCount: 12 },
    ],
  };
  const { core } = await raw((response) => events(response, [google([{ text: 'a' }], 'STOP', usage)]), {
    provider: 'google',
  });
  expect((await answerOf(core)).usage).toEqual({
    inputTokens: 25,
    outputTokens: 37,
    cachedInputTokens: 10,
    audioInputTokens: 12,
    reasoningTokens: 30,
  });
});

describe('while it streams', () => {
  test.each<[string, object]>([
    ['thoughts', { reasoning_content: 'thinking about it more and more.' }],
    ['thoughts by another name', { reasoning: 'thinking about it more and more.' }],
    [
      'arguments of tools',
      { tool_calls: [{ index: 0, id: 'a', function: { name: 'get', arguments: '{"city":"Oslo and more"' } }] },
    ],
  ])('%s are counted, though they are no text', async (_, delta) => {
    const { core } = await raw(async (response) => {
      events(response, [chunk(delta)], { end: false });
      await sleep(2_000);
    });
    const asked = ask(core, callOf('q'));
    await expect.poll(() => asked.tokens()).toBeGreaterThan(3);
    expect(asked.text()).toBe('');
    asked.abort(new Error('gone'));
    await errorOf(asked.result);
  });

  test('the input that Anthropic reports at the start is known before the end', async () => {
    const { core } = await raw(
      (response) => events(response, anthropic([anthropicText('a')]).slice(0, 3), { end: false }),
      { provider: 'anthropic' },
    );
    const bills: Bill[] = [];
    const controller = new AbortController();
    const run = { signal: controller.signal, onChunk: () => {}, onBill: (bill: Bill) => bills.push(bill) };
    const result = core.chat(callOf('q'), run);
    await expect.poll(() => bills.at(-1)?.usage.inputTokens).toBe(5);
    controller.abort(new Error('gone'));
    expect(await errorOf(result)).toMatchObject({ message: 'gone' });
  });
});
