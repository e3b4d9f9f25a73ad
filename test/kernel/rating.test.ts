import { describe, expect, test } from 'vitest';
import { LOCAL, type Principal, tenantOf } from '../../kernel/process/principal.js';
import { createPolicy } from '../../schedulers/registry.js';
import type { Rater } from '../../syscalls/control.js';
import { ask, errorOf, testKernel } from '../support/kernel.js';
import { ScriptedCore } from '../support/scripted-core.js';

const token = (name: string, more: Partial<Principal> = {}): Principal => ({
  ...LOCAL,
  name,
  operator: false,
  ...more,
});

/** A kernel with one answered call of acme's, and what its policy hears. */
async function world(limits = {}) {
  const heard: (readonly [string, number, Rater | undefined])[] = [];
  const feedback = ({ tenant }: { tenant: string }, quality: number, by?: Rater) =>
    void heard.push([tenant, quality, by]);
  const core = new ScriptedCore('a');
  const kernel = testKernel([core], { policy: { ...createPolicy('fifo'), feedback }, limits });
  const answered = async (principal: Principal) => {
    const { session } = await kernel.spawn({ principal });
    const reply = session.call('llm.chat', ask());
    await kernel.pass(0);
    core.last.finish();
    await kernel.pass(0);
    return { session, id: (await reply).syscallId };
  };
  const rate = async (principal: Principal, syscallId: string, quality: number, by?: Rater) => {
    const { session } = await kernel.spawn({ principal });
    return session.call('syscall.feedback', { syscallId, quality, ...(by && { by }) });
  };
  return { ...kernel, heard, answered, rate };
}

describe('who rates', () => {
  const agent = token('agent', { tenant: 'acme' });
  const verifier = token('checks', { tenant: 'acme', verifier: true });
  const operator = token('ops', { operator: true });

  test('is an agent of its own answers, a verifier of its tenant\u2019s, an operator of any; a later word must count for more', async () => {
    const { answered, rate, heard } = await world();
    const { id } = await answered(agent);
    await rate(agent, id, 0);
    await rate(verifier, id, 0.5);
    await rate(operator, id, 1);
    expect(heard).toEqual([
      ['acme', 0, 'agent'],
      ['acme', 0.5, 'verifier'],
      ['acme', 1, 'operator'],
    ]);
    for (const one of [agent, verifier, operator]) {
      expect(await errorOf(rate(one, id, 1))).toMatchObject({ code: 'invalid-params' });
    }
  });

  test('cannot be claimed: the token says it', async () => {
    const { answered, rate, heard } = await world();
    const { id } = await answered(agent);
    for (const by of ['operator', 'verifier'] as const) {
      const message = `params.by: expected agent with this token, got "${by}"`;
      expect(await errorOf(rate(agent, id, 0, by))).toMatchObject({ code: 'forbidden', message });
    }
    expect(await errorOf(rate(verifier, id, 0, 'operator'))).toMatchObject({ code: 'forbidden' });
    expect(await errorOf(rate(operator, id, 0, 'agent'))).toMatchObject({ code: 'forbidden' });
    expect(heard).toEqual([]);
  });

  test('is nobody for the answers of another tenant', async () => {
    const { answered, rate } = await world();
    const { id } = await answered(agent);
    for (const other of [token('bob'), token('bob', { tenant: 'acme' }), token('bob', { verifier: true })]) {
      expect(await errorOf(rate(other, id, 0))).toMatchObject({ code: 'not-found' });
    }
  });

  test('an operator rates its own answers as their agent, unless it says otherwise', async () => {
    const { answered, rate, heard } = await world();
    for (const by of [undefined, 'verifier', 'operator'] as const) {
      const { id } = await answered(operator);
      await rate(operator, id, 1, by);
    }
    expect(heard.map(([, , by]) => by)).toEqual(['agent', 'verifier', 'operator']);
  });
});

test('ratings a second are bounded by party, over a burst of ten seconds, with the time after which one more is taken', async () => {
  const { answered, rate, pass } = await world({ ratingsPerSecond: 2 });
  const [acme, bob] = [token('acme'), token('bob')];
  const { id } = await answered(acme);
  await rate(acme, id, 1);
  for (let n = 1; n < 20; n++) expect(await errorOf(rate(acme, id, 1))).toMatchObject({ code: 'invalid-params' });
  expect(await errorOf(rate(acme, id, 1))).toMatchObject({
    code: 'rate-limited',
    retryAfterMs: 500,
    message: expect.stringContaining('ratingsPerSecond: expected at most 2 ratings a second of acme'),
  });
  expect(await errorOf(rate(bob, id, 1))).toMatchObject({ code: 'not-found' });
  await pass(500);
  expect(await errorOf(rate(acme, id, 1))).toMatchObject({ code: 'invalid-params' });
});

test('a token names tenants below its own name; without tokens any name is taken', () => {
  expect(tenantOf(token('bob', { tenant: 'acme' }), 'other')).toBe('acme');
  expect(tenantOf(token('bob'), undefined)).toBe('bob');
  expect(tenantOf(token('bob'), 'bob')).toBe('bob');
  expect(tenantOf(token('bob'), 'acme')).toBe('bob/acme');
  expect(tenantOf(token('bob', { operator: true }), '../acme')).toBe('bob/../acme');
  expect(tenantOf(LOCAL, 'acme')).toBe('acme');
  expect(tenantOf(LOCAL, undefined)).toBe('local');
});

test('what a policy has learnt is kept within a minute of a rating, once', async () => {
  let saves = 0;
  const save = async () => void saves++;
  const core = new ScriptedCore('a');
  const { spawn, pass } = testKernel([core], { policy: { ...createPolicy('fifo'), save } });
  const { session } = await spawn();
  for (let n = 0; n < 2; n++) {
    const reply = session.call('llm.chat', ask());
    await pass(0);
    core.last.finish();
    await pass(0);
    await session.call('syscall.feedback', { syscallId: (await reply).syscallId, quality: 1 });
  }
  await pass(59_999);
  expect(saves).toBe(0);
  await pass(1);
  expect(saves).toBe(1);
  await pass(1_000_000);
  expect(saves).toBe(1);
});
