import { describe, expect, test } from 'vitest';
import type { EccosPolicy } from '../../schedulers/eccos/policy/eccos-policy.js';
import { eccosParameters, eccosPolicy } from '../../schedulers/eccos/policy/parameters.js';
import type { Predictor } from '../../schedulers/eccos/predictor/prediction.js';
import { promptOf } from '../../syscalls/llm-chat.js';
import { ask, errorOf, LIMITS, testKernel } from '../support/kernel.js';
import { madeUpPredictor } from '../support/made-up-predictor.js';
import { ScriptedCore } from '../support/scripted-core.js';
import { playSimulated, SIMULATED, simulatedPredictor } from '../support/simulated-world.js';

/** `poor` and `good` cores are expected to be right half of the time and nine times of ten; good ones cost ten times as much. */
function predictor(): Predictor {
  const base = madeUpPredictor();
  return {
    ...base,
    predict: async (calls, cores) =>
      (await base.predict(calls, cores)).map((row, i) =>
        row.map((one, j) => {
          const isGood = cores[j]?.id.startsWith('good') ?? false;
          const isLost = promptOf(calls[i]?.params ?? { messages: [] }) === 'too hard';
          return { ...one, quality: isLost ? 0.1 : isGood ? 0.9 : 0.5, costMean: isGood ? 0.01 : 0.001 };
        }),
      ),
  };
}

function eccos(given: Readonly<Record<string, string>> = {}): EccosPolicy {
  return eccosPolicy(eccosParameters.parse({ alpha: '0.5', margin: '0', gamma: '1', ...given }), predictor());
}

/** A kernel on cores of one slot each. */
async function world(ids: readonly string[], given: Readonly<Record<string, string>> = {}) {
  const cores = ids.map((id) => new ScriptedCore(id, { cap: 1 }));
  const kernel = testKernel(cores, { policy: eccos(given) });
  const { session } = await kernel.spawn();
  const explain = async (id: string) => (await session.call('kernel.ps', { explain: id })).explanation ?? [];
  const held = async () => {
    const { syscalls } = await session.call('kernel.ps', {});
    return Object.fromEntries(
      syscalls.map(({ syscallId, status, core }) => [syscallId, `${status} ${core ?? ''}`.trim()]),
    );
  };
  const stop = async () => {
    for (const core of cores) for (const request of core.requests) request.finish();
    await kernel.pass(1);
  };
  return { ...kernel, cores, session, explain, held, stop };
}

describe('a floor that no core is expected to reach', () => {
  const hopeless = ask('too hard', { minQuality: 0.8 });

  test('is served by the best core by default, and the reply says so', async () => {
    const { session, pass, cores } = await world(['poor', 'good']);
    const reply = session.call('llm.chat', hopeless);
    await pass(1);
    cores.find(({ inFlight }) => inFlight > 0)?.last.finish();
    expect((await reply).reason).toMatch(
      /^infeasible: no core is expected to reach minQuality 0.8, at best 0.100; quality 0.100 for \$/,
    );
  });

  test('is refused with the error infeasible where the config says so; other calls are served', async () => {
    const { session, pass, cores, kernel, held } = await world(['poor', 'good'], { infeasible: 'refuse' });
    const refused = errorOf(session.call('llm.chat', hopeless));
    const replies = [ask('usual', { minQuality: 0.8 }), ask('too hard')].map((params) =>
      session.call('llm.chat', params),
    );
    await pass(1);
    expect(await refused).toMatchObject({
      code: 'infeasible',
      retryable: false,
      message: 'no core is expected to reach minQuality 0.8, at best 0.100',
    });
    expect(await held()).toEqual({ s1: 'running good', s2: 'running poor' });
    for (const core of cores) core.last.finish();
    await Promise.all(replies);
    expect(kernel.stats()).toMatchObject({
      syscalls: { done: 2, failed: 1, pending: 0 },
      scheduler: { invalidAssignments: 0, fallbacks: 0 },
    });
  });

  test('is refused when the one core that reached it has failed', async () => {
    const { session, pass, cores } = await world(['poor', 'good'], { infeasible: 'refuse' });
    const reply = errorOf(session.call('llm.chat', ask('usual', { minQuality: 0.8 })));
    await pass(1);
    cores[1]?.last.fail(new Error('HTTP 500'));
    await pass(1);
    expect(await reply).toMatchObject({ code: 'infeasible' });
  });

  test('is not held against a call that could not be predicted', async () => {
    const policy = eccosPolicy(eccosParameters.parse({ infeasible: 'refuse' }), {
      ...predictor(),
      predict: (calls) => (calls.length === 0 ? Promise.resolve([]) : Promise.reject(new Error('no model'))),
    });
    const core = new ScriptedCore('good', { cap: 1 });
    const { spawn, pass, kernel } = testKernel([core], { policy });
    const { session } = await spawn();
    const reply = session.call('llm.chat', ask('usual', { minQuality: 0.8 }));
    await pass(1);
    core.last.finish();
    expect((await reply).reason).toMatch(/^infeasible: /);
    expect(kernel.stats().scheduler.fallbacks).toBe(1);
  });
});

test('four hundred calls are answered once each where waiting is cheap, and no core is given more than its cap', async () => {
  const policy = eccosPolicy(
    eccosParameters.parse({ alpha: '0.6', waitPrice: '0.01' }),
    simulatedPredictor('right', SIMULATED),
  );
  const { calls, overCap, kernel } = await playSimulated({ seed: 1, policy, calls: 400, rate: 9 });
  expect(overCap).toBe(0);
  expect(new Set(calls.map(({ number }) => number)).size).toBe(400);
  expect(calls.filter(({ reply }) => reply === undefined)).toEqual([]);
  expect(kernel.stats().scheduler).toMatchObject({ invalidAssignments: 0, fallbacks: 0 });
});

describe('kernel.ps explains', () => {
  test('a call that waits, one that is overdue, and a core that is below its floor', async () => {
    const { session, pass, cores, explain, stop } = await world(['poor', 'good']);
    const [poor, good] = cores as [ScriptedCore, ScriptedCore];
    const send = (text: string, more = {}) => void session.call('llm.chat', ask(text, more)).catch(() => {});
    send('first', { models: ['good'] });
    await pass(1);
    send('picky', { minQuality: 0.8 });
    await pass(1);
    // The poor core is free, and still the call waits.
    const [head, price, , onPoor, onGood] = await explain('s1');
    expect(head).toBe('waits: no slot was left for it');
    expect(price).toMatch(/^price of quality \$[\d.e-]+, aiming at 0.\d{3} for alpha 0.500$/);
    expect(onPoor).toMatch(/^poor +0\.500 +\$0\.001 .*below minQuality$/);
    expect(onGood).toMatch(/^good +0\.900 +\$0\.01 .*no free slot$/);
    // Others go by on the poor core for five seconds, and the call stays.
    for (let n = 0; n < 5; n++) {
      send(`other ${n}`, { models: ['poor'] });
      await pass(500);
      poor.last.finish();
      await pass(500);
    }
    good.last.finish();
    await pass(1);
    expect((await explain('s1'))[0]).toMatch(/^on good: overdue after 50\d\d ms$/);
    await stop();
  });
});

describe('kernel.stats reports', () => {
  test('what eccos aims at and expects, and nothing of a policy that has no aim', async () => {
    const { session, pass, cores, stop } = await world(['poor', 'good'], { alpha: '0.6' });
    void session.call('llm.chat', ask('usual'));
    await pass(1);
    const { outlook } = await session.call('kernel.stats', {});
    expect(outlook).toMatchObject({ alpha: 0.6, outOfReach: false, greedy: 0 });
    expect(outlook?.predictedQuality).toBeCloseTo(cores[0]?.requests.length === 1 ? 0.5 : 0.9, 9);
    await stop();
    expect(testKernel([new ScriptedCore('a')]).kernel.stats()).not.toHaveProperty('outlook');
  });

  test('how many calls were placed without a solve, when a tick had more slots than one may fill', async () => {
    const CALLS = 9000;
    // With one core, the 24,576 pairs that a solve may look at are more than all calls.
    const cores = ['good', 'poor-1', 'poor-2'].map((id) => new ScriptedCore(id, { cap: 1 }));
    const limits = { ...LIMITS, pendingPerAgent: CALLS, pendingTotal: CALLS };
    const { spawn, pass, kernel } = testKernel(cores, { policy: eccos({ alpha: '0.9' }), limits });
    const { session } = await spawn();
    for (let n = 0; n < CALLS; n++) void session.call('llm.chat', ask(`usual ${n}`)).catch(() => {});
    await pass(1);
    expect(kernel.stats()).toMatchObject({ syscalls: { running: 3, pending: CALLS - 3 }, outlook: { greedy: 0 } });
    kernel.reload({ limits, cores: cores.map(({ info }) => ({ ...info, cap: CALLS })) as never });
    await pass(1);
    const { outlook, syscalls } = kernel.stats();
    expect(syscalls.running).toBe(CALLS);
    expect(outlook?.greedy).toBe(CALLS - 3 - 8192);
  });
});
