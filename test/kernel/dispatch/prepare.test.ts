import { expect, test, vi } from 'vitest';
import type { PendingCall, SchedulerPolicy } from '../../../schedulers/policy.js';
import { createPolicy } from '../../../schedulers/registry.js';
import { ask, errorOf, type TestProcess, testKernel } from '../../support/kernel.js';
import { ScriptedCore } from '../../support/scripted-core.js';

/** First come, first served, but every call is prepared, and held until it ends. @param during happens while it is */
function preparing(during: (arrived: readonly PendingCall[]) => Promise<unknown>) {
  const held = new Set<string>();
  const policy: SchedulerPolicy = {
    ...createPolicy('fifo'),
    async prepare(arrived) {
      if (arrived.length > 0) await during(arrived);
      for (const { id } of arrived) held.add(id);
    },
    release: (id) => void held.delete(id),
  };
  return { policy, held };
}

function send({ session }: TestProcess, count: number): void {
  for (let n = 0; n < count; n++) void session.call('llm.chat', ask()).catch(() => {});
}

test('a call that ends during its prepare is not held by the policy for ever', async () => {
  const { policy, held } = preparing(() => agent.session.call('syscall.cancel', { syscallId: 's0' }));
  const core = new ScriptedCore('a');
  const { spawn, pass } = testKernel([core], { policy });
  const agent = await spawn();
  const gone = errorOf(agent.session.call('llm.chat', ask()));
  const stays = agent.session.call('llm.chat', ask());
  await pass(1);
  expect(await gone).toMatchObject({ code: 'cancelled' });
  expect([...held]).toEqual(['s1']);
  core.last.finish();
  await stays;
  expect(held.size).toBe(0);
});

/** A core of many slots, a policy that prepares, and what it had to prepare. */
function world() {
  const batches: { readonly pids: number[]; readonly ids: string[]; readonly started: number }[] = [];
  const core = new ScriptedCore('a', { cap: 1000 });
  const { policy } = preparing(async (arrived) => {
    batches.push({
      pids: arrived.map(({ pid }) => pid),
      ids: arrived.map(({ id }) => id),
      started: core.requests.length,
    });
  });
  return { batches, core, ...testKernel([core], { policy }) };
}

test('a burst is prepared in batches of 32, and the first calls run before the last are prepared', async () => {
  const { spawn, pass, batches, core } = world();
  send(await spawn(), 200);
  await pass(1);
  expect(batches.map(({ ids }) => ids.length)).toEqual([32, 32, 32, 32, 32, 32, 8]);
  expect(batches.flatMap(({ ids }) => ids)).toEqual(Array.from({ length: 200 }, (_, seq) => `s${seq}`));
  expect(batches.at(-1)?.started).toBeGreaterThanOrEqual(32);
  expect(core.requests).toHaveLength(200);
});

test('agents take turns: a flood of one does not hold up the first call of another', async () => {
  const { spawn, pass, batches } = world();
  const [flood, two, ...others] = await Promise.all(Array.from({ length: 70 }, () => spawn()));
  send(flood as TestProcess, 150);
  send(two as TestProcess, 2);
  for (const other of others) send(other, 1);
  await pass(1);
  const all = batches.flatMap(({ pids }) => pids);
  const rest = others.map(({ pid }) => pid);
  const [first, second] = [flood?.pid, two?.pid];
  expect(all.slice(0, 72)).toEqual([first, second, ...rest, first, second]);
  expect(all.slice(72)).toEqual(Array.from({ length: 148 }, () => first));
});

test('a call that ends before its turn is not prepared', async () => {
  const { spawn, pass, batches } = world();
  const [one, two] = [await spawn(), await spawn()];
  send(one, 3);
  send(two, 1);
  for (const syscallId of ['s0', 's1']) await one.session.call('syscall.cancel', { syscallId });
  await two.session.call('syscall.cancel', { syscallId: 's3' });
  await pass(1);
  expect(batches.map(({ ids }) => ids)).toEqual([['s2']]);
});

test('the real time of prepare is reported by the batch and by the call', async () => {
  let real = 0;
  const stopwatch = vi.spyOn(performance, 'now').mockImplementation(() => real);
  const { policy } = preparing(async (arrived) => (real += arrived.length === 32 ? 320 : 8));
  const core = new ScriptedCore('a', { cap: 1000 });
  const { spawn, pass, kernel } = testKernel([core], { policy });
  expect(kernel.stats().scheduler).toMatchObject({ prepareMs: { p50: 0, p99: 0 }, prepareCallMs: { p50: 0, p99: 0 } });
  send(await spawn(), 34);
  await pass(1);
  stopwatch.mockRestore();
  expect(kernel.stats().scheduler).toMatchObject({
    prepareMs: { p50: 8, p99: 320 },
    prepareCallMs: { p50: 4, p99: 10 },
  });
});
