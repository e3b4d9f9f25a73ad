import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { bootKernel, defaultConfig } from '../../../../kernel/boot.js';
import { openPredictor } from '../../../../schedulers/eccos/predictor/open-predictor.js';
import type { PredictableCall, Predictor } from '../../../../schedulers/eccos/predictor/prediction.js';
import { coreOf } from '../../../support/scheduling.js';

const CORES = [coreOf('known', { price: 2 }), coreOf('new', { price: 1 })];
const KNOWN = CORES.map((core) => (core.id === 'known' ? { ...core, profile: 'simulated-small' } : core));

function call(i: number): PredictableCall {
  return {
    tenant: 'default',
    inputTokens: 10,
    params: { task: 'sums', messages: [{ role: 'user', content: `What is ${i} + ${i * 7}?` }] },
  };
}

async function teach(predictor: Predictor, from: number, to: number): Promise<void> {
  for (let i = from; i < to; i++) {
    await predictor.predict([call(i)], KNOWN);
    const answered = { ...call(i), core: i % 2 === 0 ? 'known' : 'new', outputTokens: 20 + i };
    predictor.finished(answered);
    predictor.rated(answered, i % 4 === 1 ? 0 : 1);
  }
}

describe('the memory of a predictor', () => {
  let folder: string;
  let memory: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'memory-'));
    memory = join(folder, 'deep', 'memory');
  });
  afterEach(() => rm(folder, { recursive: true }));

  test('outlives the process: what comes back predicts and learns as if nothing had happened', async () => {
    const whole = await openPredictor();
    const first = await openPredictor({ memory });
    const fresh = await first.predict([call(1)], KNOWN);
    await teach(whole, 0, 60);
    await teach(first, 0, 30);
    await first.close();

    const second = await openPredictor({ memory });
    // A prompt is seen again after a restart, whatever was learnt from it before.
    await teach(second, 30, 60);
    const predicted = await second.predict([call(1), call(99)], KNOWN);
    expect(predicted).toEqual(await whole.predict([call(1), call(99)], KNOWN));
    expect(predicted[0]).not.toEqual(fresh[0]);
    expect(predicted[0]?.[1]).toMatchObject({ source: 'fitted' });
    await second.close();
    await whole.close();
  });

  test('that is damaged is set aside with a line to the operator, or stops the boot where that is asked', async () => {
    await (await openPredictor({ memory })).close();
    const path = join(memory, 'memory.json');
    await writeFile(path, 'x');
    await expect(openPredictor({ memory, memoryFault: 'refuse' })).rejects.toThrow(
      expect.objectContaining({ code: 'invalid-config', message: expect.stringContaining(path) }),
    );
    const warnings: string[] = [];
    await (await openPredictor({ memory }, (message) => warnings.push(message))).close();
    expect(warnings).toEqual([expect.stringContaining(path)]);
  });
});

describe('the kernel does not boot', () => {
  test('with a memory that cannot be written', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'memory-'));
    const file = join(folder, 'file');
    await writeFile(file, '');
    await expect(boot(`eccos:memory=${file}`)).rejects.toThrow(
      expect.objectContaining({ code: 'invalid-config', message: expect.stringContaining(file) }),
    );
    await rm(folder, { recursive: true });
  });

  test.runIf(process.platform === 'linux')('with a memory in a folder that takes none', async () => {
    await expect(boot('eccos:memory=/proc/eccos/memory,predictor=/nowhere')).rejects.toMatchObject({
      code: 'invalid-config',
      message: expect.stringMatching(
        /^memory: Expected \/proc\/eccos\/memory to be a folder that can be written: ENOENT/,
      ),
    });
  });

  test('with a predictor that is not there', async () => {
    await expect(boot('eccos:predictor=/nowhere/at/all')).rejects.toThrow(
      expect.objectContaining({ code: 'invalid-config', message: expect.stringContaining('/nowhere/at/all') }),
    );
  });

  function boot(policy: string) {
    return bootKernel({ ...defaultConfig(), policy, log: { level: 'error' } });
  }
});
