import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { knownOutcomes } from '../../../../agents/lab/records/known-outcomes.js';
import { VirtualClock } from '../../../../kernel/clock.js';
import { recordedConfig } from '../../../../kernel/cores/recorded.js';
import { simulatedConfig, simulatedCore } from '../../../../kernel/cores/simulated.js';
import { ask, callOf } from '../../../kernel/cores/ask.js';
import { outcomeRecord } from '../../../support/outcomes.js';

const folder = mkdtempSync(join(tmpdir(), 'known-'));
afterAll(() => rmSync(folder, { recursive: true }));

const PRICE = { inputPerMTok: 1, outputPerMTok: 2 };

test('what a simulated core yields is known in advance', async () => {
  const config = simulatedConfig.parse({ kind: 'simulated', id: 'sim', price: PRICE, ability: 1 });
  const items = () => ({ difficulty: -50, lengthScale: 0.5 });
  const clock = new VirtualClock();
  const core = simulatedCore(config, { clock, seed: 7, env: {}, items });
  const request = callOf('q', { maxTokens: 70 });
  const known = await knownOutcomes([config], { seed: 7, items });
  const { usage, costUsd } = await clock.runUntil(ask(core, request).result);
  expect(known('sim', request.params, request.inputTokens)).toEqual({
    score: 1,
    outputTokens: usage.outputTokens,
    costUsd,
  });
  expect(known('other', request.params, request.inputTokens)).toBeUndefined();
});

test('what a recorded core yields is what its file says, and nothing is known of other prompts', async () => {
  const data = join(folder, 'data.jsonl');
  writeFileSync(data, JSON.stringify(outcomeRecord('easy', { small: [1, 50, 0.000123456789] })));
  const config = recordedConfig.parse({ kind: 'recorded', id: 'core', model: 'small', price: PRICE, data });
  const known = await knownOutcomes([config], { seed: 1 });
  expect(known('core', callOf('easy').params, 0)).toEqual({ score: 1, outputTokens: 50, costUsd: 0.000123456789 });
  expect(known('core', callOf('hard').params, 0)).toBeUndefined();
});
