import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { registerTrain } from '../../agents/shell/train.js';
import { bootKernel, defaultConfig } from '../../kernel/boot.js';
import { KernelEvents } from '../../kernel/events.js';
import { Recorder } from '../../kernel/outcomes/recorder.js';
import { LazyPredictor } from '../../schedulers/eccos/predictor/lazy-predictor.js';
import { shippedPredictor } from '../../schedulers/eccos/predictor/open-predictor.js';
import { shellCommand } from '../agents/lab/predictor/shell-command.js';
import { RECORDS } from '../agents/lab/records/made-records.js';

type Config = ReturnType<typeof defaultConfig>;

let folder = '';
let trained = '';
/** What the default cores made of 300 prompts is recorded, each prompt answered by one of them, and trained on. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'eccos-own-'));
  const [data, events] = [join(folder, 'outcomes.jsonl'), new KernelEvents()];
  trained = join(folder, 'predictor');
  const recorder = await Recorder.start(events, data, { log: pino({ enabled: false }), prompts: true });
  const ids = defaultConfig().cores.map(({ id }) => id);
  for (const [i, { id, dataset, prompt, input_tokens: inputTokens, outputs }] of RECORDS.entries()) {
    const { score, output_tokens: outputTokens, cost_usd: costUsd } = outputs[i % ids.length] ?? fail();
    const params = { task: dataset, messages: [{ role: 'user' as const, content: prompt }] };
    const call = {
      id,
      tenant: 'acme',
      core: ids[i % ids.length] ?? fail(),
      inputTokens,
      outputTokens,
      costUsd,
      params,
    };
    events.emit('feedback', { call, quality: score, by: 'agent' });
  }
  await recorder.stop();
  await shellCommand(registerTrain, 'train', '--data', data, '--out', trained);
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

function fail(): never {
  throw new Error('Expected an outcome of every core');
}

/** Boots a kernel with these cores. @returns the cores, and what was logged as a warning */
async function boot(policy: string, cores: Config['cores']) {
  const warnings: string[] = [];
  const log = pino({ level: 'warn' }, { write: (line) => warnings.push(JSON.parse(line).msg) });
  const kernel = await bootKernel({ ...defaultConfig(), policy, cores }, { log });
  await kernel.stop();
  return { cores: kernel.cores(), warnings };
}

describe('what was recorded and trained on is used by the config that it was recorded with', () => {
  test.each<[string, (core: Config['cores'][number]) => Config['cores'][number]]>([
    ['the default cores', (core) => core],
    ['cores without a profile', ({ profile: _, ...core }) => core],
    ['cores of one profile', (core) => ({ ...core, profile: 'one-model' })],
  ])('%s', async (_, change) => {
    const { cores, warnings } = await boot(`eccos:predictor=${trained}`, defaultConfig().cores.map(change));
    expect(warnings).toEqual([]);
    const predictor = new LazyPredictor({ predictor: trained });
    const params = { messages: [{ role: 'user' as const, content: 'How many legs has an ant?' }] };
    const [row] = await predictor.predict([{ tenant: 'acme', inputTokens: 6, params }], cores);
    await predictor.close();
    expect(row?.map(({ source }) => source)).toEqual(cores.map(() => 'trained'));
  });
});

test('a kernel whose predictor was named and knows none of its cores says so once, at boot', async () => {
  const cores = defaultConfig().cores.map((core) => ({ ...core, profile: 'no-such-model' }));
  const { warnings } = await boot(`eccos:predictor=${shippedPredictor()}`, cores);
  expect(warnings).toEqual([expect.stringMatching(/got cores tiny \(profile no-such-model\), .*as the profile of/)]);
  expect((await boot('eccos', cores)).warnings).toEqual([]);
});
