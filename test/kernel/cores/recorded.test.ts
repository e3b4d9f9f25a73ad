import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { VirtualClock } from '../../../kernel/clock.js';
import { createCores } from '../../../kernel/cores/kinds/registry.js';
import { latencyOf } from '../../../kernel/cores/latency-table.js';
import { recordedConfig, recordedCore } from '../../../kernel/cores/recorded.js';
import { OutcomeFiles } from '../../../kernel/outcomes/file.js';
import { outcomeRecord, sharedData } from '../../support/outcomes.js';
import { ask, callOf, errorOf } from './ask.js';

const folder = mkdtempSync(join(tmpdir(), 'recorded-'));
afterAll(() => rmSync(folder, { recursive: true }));
const data = join(folder, 'data.jsonl');
writeFileSync(
  data,
  [
    outcomeRecord('easy', { small: [1, 50, 0.000123456789], large: [1, 20, 0.02] }, 40),
    outcomeRecord('hard', { large: [0.5, 0, 0.03] }),
  ]
    .map((record) => JSON.stringify(record))
    .join('\n'),
);

function configOf(model: string, more: object = {}) {
  const price = { inputPerMTok: 0.1, outputPerMTok: 0.4 };
  return recordedConfig.parse({ kind: 'recorded', id: model, price, data, model, ...more });
}

async function world(model: string, more: object = {}) {
  const clock = new VirtualClock();
  return { clock, core: await recordedCore(configOf(model, more), { clock, seed: 1, env: {} }) };
}

describe('a recorded core', () => {
  test('replays tokens and cost of that model on that prompt, in the time of its config', async () => {
    const { clock, core } = await world('small', { latency: { ttftMs: 100, ttftMsPerInputToken: 2, tpotMs: 10 } });
    const asked = ask(core, callOf('easy'));
    const result = await clock.runUntil(asked.result);
    expect(result).toEqual({
      toolCalls: [],
      finishReason: 'stop',
      usage: { inputTokens: 40, outputTokens: 50 },
      costUsd: 0.000123456789,
    });
    expect(asked.tokens()).toBe(50);
    expect(clock.now()).toBeCloseTo(100 + 40 * 2 + 50 * 10, 6);
  });

  test('finds the prompt in the last user message', async () => {
    const { clock, core } = await world('large');
    const request = callOf('easy');
    const params = {
      messages: [
        { role: 'system' as const, content: 'Be brief.' },
        { role: 'user' as const, content: 'something else' },
        { role: 'user' as const, content: [{ type: 'text' as const, text: 'easy' }] },
      ],
    };
    expect(core.refuses?.(params)).toBeUndefined();
    expect((await clock.runUntil(ask(core, { ...request, params }).result)).costUsd).toBe(0.02);
  });

  test('answers nothing where the recorded answer is empty', async () => {
    const { clock, core } = await world('large');
    const asked = ask(core, callOf('hard'));
    expect((await clock.runUntil(asked.result)).usage.outputTokens).toBe(0);
    expect(asked.chunks).toEqual([]);
  });

  test('takes its time from the tier of its price where the config has none', async () => {
    const { clock, core } = await world('small');
    await clock.runUntil(ask(core, callOf('easy')).result);
    const { tier, ttftMs, ttftMsPerInputToken, tpotMs } = latencyOf(core.info.price);
    expect(tier).toBe('small');
    expect(clock.now()).toBeCloseTo(ttftMs + 40 * ttftMsPerInputToken + 50 * tpotMs, 6);
    expect(latencyOf({ inputPerMTok: 15, outputPerMTok: 75 }).tier).toBe('flagship');
  });

  test('says why it cannot serve a call', async () => {
    const { core } = await world('small');
    expect(core.refuses?.(callOf('hard').params)).toBe('no recorded outcome of small for this prompt');
    expect(core.refuses?.(callOf('never seen').params)).toBe('no recorded outcome of small for this prompt');
    expect(core.refuses?.(callOf('easy', { maxTokens: 49 }).params)).toMatch(/50 tokens, more than maxTokens/);
    expect(core.refuses?.(callOf('easy', { maxTokens: 50 }).params)).toBeUndefined();
    expect(await errorOf(ask(core, callOf('hard')).result)).toMatchObject({ code: 'core-rejected' });
    expect(core.info).toMatchObject({ supportsPrefix: false, tools: false, responseFormat: false });
  });

  test('of an unknown model or file is a config error', async () => {
    await expect(world('medium')).rejects.toThrow(/Expected `model` to be one of .*data\.jsonl, got "medium"/);
    await expect(world('small', { data: 'nowhere.jsonl' })).rejects.toMatchObject({ code: 'invalid-config' });
  });
});

describe('recorded cores of the development data', () => {
  const zeroeval = sharedData('zeroeval.jsonl.gz');

  test.skipIf(zeroeval === undefined)('give back sums of cost and tokens to the last digit', async () => {
    const clock = new VirtualClock();
    const outcomes = new OutcomeFiles();
    const model = 'gpt-4o-2024-08-06';
    const [core] = await createCores([configOf(model, { data: zeroeval, chunkMs: 0 })], {
      clock,
      seed: 1,
      env: {},
      outcomes,
    });
    const records = [...(await outcomes.load([zeroeval ?? ''])).byPrompt.values()].slice(0, 500);
    const results = await clock.runUntil(
      Promise.all(records.map(({ prompt }) => (core === undefined ? undefined : ask(core, callOf(prompt)).result))),
    );
    const recorded = records.map(({ outputs }) => outputs.find((outcome) => outcome.model === model));
    expect(results.map((result) => result?.costUsd)).toEqual(recorded.map((outcome) => outcome?.cost_usd));
    expect(results.map((result) => result?.usage.outputTokens)).toEqual(recorded.map((o) => o?.output_tokens));
  });
});
