import { describe, expect, test } from 'vitest';
import { eccosParameters, eccosPolicy } from '../../../../schedulers/eccos/policy/parameters.js';
import { Beliefs } from '../../../../schedulers/eccos/predictor/beliefs.js';
import type { Predictor } from '../../../../schedulers/eccos/predictor/prediction.js';
import { MOST_LEARNT_BYTES } from '../../../../schedulers/learnt.js';
import { uniform } from '../../../../schedulers/uniform.js';
import { madeUpPredictor } from '../../../support/made-up-predictor.js';
import { coreOf, pendingCall } from '../../../support/scheduling.js';

const IDS = ['small', 'middle', 'large'] as const;
const CORES = IDS.map((id, j) => coreOf(id, { free: 4, cap: 8, price: 10 ** j }));

/** A predictor that has beliefs, which it learns from ratings by task. */
function believing(): Predictor & { readonly beliefs: Beliefs } {
  const beliefs = new Beliefs();
  const prior = { level: 0, trained: false, known: false, tokens: { smearing: 1, p90Residual: 1 } };
  return {
    ...madeUpPredictor(),
    beliefs,
    rated: ({ tenant, core, params: { task } }, quality) =>
      beliefs.of({ tenant, task, core }, prior).learnQuality(0.5, quality),
    learnt: (most) => beliefs.state(most),
    restore: (learnt) => beliefs.restore(learnt),
  };
}

function eccos(given: Readonly<Record<string, string>> = {}, predictor: Predictor = believing()) {
  return eccosPolicy(eccosParameters.parse(given), predictor);
}

/** Calls that are placed, answered and rated, by several tenants and of several tasks. */
async function teach(policy: ReturnType<typeof eccos>, calls: number, tenants = 3): Promise<void> {
  const draw = uniform(calls);
  await policy.prepare([], CORES);
  for (let seq = 0; seq < calls; seq += 8) {
    const params = (n: number) => ({
      messages: [{ role: 'user' as const, content: `call ${n}` }],
      task: `task-${n % 5}`,
    });
    const pending = Array.from({ length: 8 }, (_, i) =>
      pendingCall(seq + i, {
        ...{ eligible: IDS, tenant: `tenant-${(seq + i) % tenants}`, params: params(seq + i) },
        ...{ acceptedAt: 100 * (seq + i), since: 100 * (seq + i) },
      }),
    );
    await policy.prepare(pending, CORES);
    const placed = policy.schedule({ now: 100 * (seq + 8), pending, cores: CORES });
    for (const { syscallId: id, core } of placed) {
      const { tenant, params } = pending.find((one) => one.id === id)!;
      const times = { ttftMs: 100 + 50 * draw(), restMs: 2000 * draw() };
      const finished = { id, tenant, core, inputTokens: 100, outputTokens: 80, costUsd: 0.001 * draw(), params, times };
      policy.release(id, finished);
      policy.feedback(finished, draw() < 0.6 ? 1 : 0);
    }
  }
}

const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString();

describe.each([{}, { alpha: '0.6' }, { budgetPerHour: '1' }])('what eccos with %j has learnt', (given) => {
  test('is taken over whole: the next snapshot is the same, and so are prices and status', async () => {
    const teacher = eccos(given);
    await teach(teacher, 400);
    const heir = eccos(given);
    await heir.prepare([], CORES);
    heir.restore(teacher.snapshot());
    expect(textOf(heir.snapshot())).toBe(textOf(teacher.snapshot()));
    expect(heir.state).toEqual(teacher.state);
    const { secondPrices: _, warning: __, greedy: ___, ...status } = teacher.status();
    expect(heir.status()).toMatchObject(status);
    const params = { messages: [] };
    const pending = [pendingCall(1000, { eligible: IDS, tenant: 'tenant-1', params })];
    await heir.prepare(pending, CORES);
    expect(heir.schedule({ now: 1e6, pending, cores: CORES })).toHaveLength(1);
  });

  test('is refused where it is damaged, and then nothing has changed', async () => {
    const teacher = eccos(given);
    await teach(teacher, 80);
    const bytes = teacher.snapshot();
    bytes[bytes.length - 10]! ^= 1;
    const heir = eccos(given);
    await heir.prepare([], CORES);
    const before = textOf(heir.snapshot());
    expect(() => heir.restore(bytes)).toThrow('Expected what was learnt to be whole, got');
    expect(textOf(heir.snapshot())).toBe(before);
  });
});

test('an alpha that is given stays, and a price of another kind of control is left alone', async () => {
  const teacher = eccos();
  await teach(teacher, 200);
  const aimed = eccos({ alpha: '0.9' });
  aimed.restore(teacher.snapshot());
  expect(aimed.state.alpha).toBe(0.9);
  const budgeted = eccos({ budgetPerHour: '2' });
  const { lambda } = budgeted.state;
  budgeted.restore(teacher.snapshot());
  expect(budgeted.state.lambda).toBe(lambda);
});

test('it is at most 1 MiB with as many tenants and long names as there may be, and those used last are in it', async () => {
  const policy = eccos({}, believing());
  const long = 'x'.repeat(300);
  await policy.prepare([], CORES);
  for (let n = 0; n < 6000; n++) {
    const tenant = `${n % 250}-${long}`;
    const params = { messages: [], task: `${n}-${long}` };
    policy.feedback({ id: `s${n}`, tenant, core: 'small', inputTokens: 1, outputTokens: 1, costUsd: 0, params }, 1);
  }
  const bytes = policy.snapshot();
  expect(bytes.length).toBeLessThanOrEqual(MOST_LEARNT_BYTES);
  expect(textOf(bytes)).toContain('5999-');
  eccos().restore(bytes);
});
