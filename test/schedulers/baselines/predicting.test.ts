import { describe, expect, test } from 'vitest';
import { type Known, oracle, oracleUnderCaps } from '../../../schedulers/baselines/oracle.js';
import { perCall } from '../../../schedulers/baselines/per-call.js';
import { subgradient } from '../../../schedulers/baselines/subgradient.js';
import type { Predictor } from '../../../schedulers/eccos/predictor/prediction.js';
import type { SchedulerPolicy } from '../../../schedulers/policy.js';
import { madeUpPredictor } from '../../support/made-up-predictor.js';
import { coreOf, pendingCall } from '../../support/scheduling.js';

test.each([
  ['per-call', (predictor: Predictor) => perCall('per-call-load', predictor, 0.7)],
  ['subgradient', (predictor: Predictor) => subgradient(predictor, 0.7)],
])('%s closes its predictor, which has a thread and a memory to save', async (_, create) => {
  let closed = 0;
  const policy: SchedulerPolicy = create({ ...madeUpPredictor(), close: async () => void closed++ });
  await policy.close?.();
  expect(closed).toBe(1);
});

test.each([
  ['per-call', (predictor: Predictor) => perCall('per-call', predictor, 0.7)],
  ['subgradient', (predictor: Predictor) => subgradient(predictor, 0.65)],
])('%s reports what it predicted of the answers on the cores that gave them', async (name, create) => {
  const policy: SchedulerPolicy = create(predicting(0.5, 0.6, 0.9));
  const alpha = name === 'subgradient' ? 0.65 : undefined;
  expect(policy.status?.()).toEqual({ alpha, predictedQuality: undefined });
  await decide(policy);
  const answer = { tenant: 'local', inputTokens: 1, outputTokens: 1, costUsd: 0, params: { messages: [] } };
  const [first, second] = [0, 1].map((seq) => pendingCall(seq).id) as [string, string];
  policy.release?.(first, { ...answer, id: first, core: 'large' });
  policy.release?.(second, undefined);
  expect(policy.status?.()).toEqual({ alpha, predictedQuality: 0.9 });
  policy.release?.('never prepared', { ...answer, id: 'never prepared', core: 'small' });
  expect(policy.status?.().predictedQuality).toBe(0.9);
});

const CORES = ['small', 'middle', 'large'];

/** Which core each of two calls gets, with these predictions for every call. */
async function decide(policy: SchedulerPolicy, free = [5, 5, 5]): Promise<(string | undefined)[]> {
  const cores = CORES.map((id, j) => coreOf(id, { free: free[j] as number, price: 10 ** j }));
  const pending = [0, 1].map((seq) => pendingCall(seq, { eligible: CORES }));
  await policy.prepare?.(pending, cores);
  const placed = new Map(policy.schedule({ now: 0, pending, cores }).map((one) => [one.syscallId, one.core]));
  return pending.map(({ id }) => placed.get(id));
}

function predicting(...quality: number[]) {
  const base = madeUpPredictor();
  return {
    ...base,
    predict: async (...[calls, cores]: Parameters<typeof base.predict>) =>
      (await base.predict(calls, cores)).map((row) => row.map((one, j) => ({ ...one, quality: quality[j] as number }))),
  };
}

describe('per-call', () => {
  const create = (quality: number[], name: 'per-call' | 'per-call-load' = 'per-call', threshold = 0.7) =>
    perCall(name, predicting(...quality), threshold);

  test('takes the cheapest core that reaches the threshold', async () => {
    expect(await decide(create([0.69, 0.7, 0.9]))).toEqual(['middle', 'middle']);
    expect(await decide(create([0.69, 0.7, 0.9], 'per-call', 0.5))).toEqual(['small', 'small']);
  });

  test('takes the best core where none reaches it', async () => {
    expect(await decide(create([0.1, 0.3, 0.2]))).toEqual(['middle', 'middle']);
  });

  test('waits for its core when that is full, unless it checks the load', async () => {
    expect(await decide(create([0.5, 0.8, 0.9]), [5, 1, 5])).toEqual(['middle', undefined]);
    expect(await decide(create([0.5, 0.8, 0.9], 'per-call-load'), [5, 1, 5])).toEqual(['middle', 'large']);
    expect(await decide(create([0.5, 0.8, 0.9], 'per-call-load'), [5, 1, 0])).toEqual(['middle', 'small']);
  });

  test('goes on without a prediction', async () => {
    const policy = create([]);
    const cores = [coreOf('small', { free: 1, price: 1 })];
    const pending = [pendingCall(0, { eligible: ['small'] })];
    expect(policy.schedule({ now: 0, pending, cores })).toMatchObject([{ core: 'small', reason: /no prediction/ }]);
  });
});

test('the subgradient method reaches alpha in every tick, not always at least cost', async () => {
  const policy = (alpha: number) => subgradient(predicting(0.5, 0.6, 0.9), alpha);
  expect(await decide(policy(0.4))).toEqual(['small', 'small']);
  expect(await decide(policy(0.7))).toContain('large');
});

test('the oracle takes the cheapest right answer and waits for it; under caps it fills what is free', async () => {
  const outcomes: Record<string, readonly [score: number, costUsd: number]> = {
    small: [0, 0.1],
    middle: [1, 1],
    large: [1, 10],
  };
  const of: Known = (_, core) => {
    const [score, costUsd] = outcomes[core] as readonly [number, number];
    return { score, costUsd };
  };
  expect(await decide(oracle(of), [5, 1, 5])).toEqual(['middle', undefined]);
  expect((await decide(oracleUnderCaps(of), [5, 1, 5])).toSorted()).toEqual(['large', 'middle']);
  expect((await decide(oracleUnderCaps(of), [5, 1, 0])).toSorted()).toEqual(['middle', 'small']);
});
