import { describe, expect, test } from 'vitest';
import { virtualStage } from '../../../../agents/lab/compare/stages.js';
import { runTrial, type TrialSetup } from '../../../../agents/lab/compare/trial.js';
import { defaultConfig } from '../../../../kernel/boot.js';
import { recordedConfig } from '../../../../kernel/cores/recorded.js';
import { LazyPredictor } from '../../../../schedulers/eccos/predictor/lazy-predictor.js';
import { createPolicy } from '../../../../schedulers/registry.js';

describe('in virtual time', () => {
  test('nobody waits for what can never end', async () => {
    const stage = virtualStage();
    await stage.wait(new Promise(() => {}), () => 0);
    expect(stage.clock.now()).toBe(0);
  });

  test('work that fails says so, whether a timer is set or not', async () => {
    const stage = virtualStage();
    const fails = () => Promise.reject(new RangeError('broken'));
    await expect(stage.wait(fails(), () => 0)).rejects.toThrow('broken');
    stage.clock.after(1, () => {});
    await expect(stage.wait(fails(), () => 0)).rejects.toThrow('broken');
  });
});

describe('the predictors of a trial', () => {
  /** How often they were closed by the trial, and how it ended. */
  async function closed(changes: Partial<TrialSetup>) {
    let closes = 0;
    const setup: TrialSetup = {
      cores: defaultConfig().cores,
      seed: 1,
      deps: {},
      known: () => undefined,
      createPolicy: () => createPolicy('fifo'),
      predictors: {
        services: { predictor: () => new LazyPredictor({}) },
        predictMs: () => 0,
        close: async () => void closes++,
      },
      load: { agents: 0, runs: [] },
      rated: new Set(),
      work: undefined,
      onCall() {},
      ...changes,
    };
    const ended = await runTrial(setup, virtualStage()).then(
      () => 'played',
      (error: Error) => error.message,
    );
    return { closes, ended };
  }

  test('are closed when it has ended', async () => {
    expect(await closed({})).toEqual({ closes: 1, ended: 'played' });
  });

  test('are closed when its policy cannot be made', async () => {
    const createPolicy = () => {
      throw new Error('out of paper');
    };
    expect(await closed({ createPolicy })).toEqual({ closes: 1, ended: 'out of paper' });
  });

  test('are closed when its kernel does not boot', async () => {
    const price = { inputPerMTok: 1, outputPerMTok: 1 };
    const recorded = recordedConfig.parse({
      ...{ kind: 'recorded', id: 'a', model: 'a', profile: 'a', data: ['/no/such.jsonl'] },
      ...{ price, cap: 1, chunkMs: 0 },
    });
    const { closes, ended } = await closed({ cores: [recorded] });
    expect(closes).toBe(1);
    expect(ended).toContain('/no/such.jsonl');
  });
});
