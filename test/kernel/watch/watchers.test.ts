import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WatchState } from '../../../agents/sdk/client-watch.js';
import { LOCAL, type Principal } from '../../../kernel/process/principal.js';
import { patchRows } from '../../../kernel/watch/patch.js';
import { type KernelView, kernelView, WATCHABLE } from '../../../syscalls/watch.js';
import { ask, errorOf, type TestProcess, testKernel } from '../../support/kernel.js';
import { ScriptedCore } from '../../support/scripted-core.js';

const ANN: Principal = { ...LOCAL, name: 'ann', operator: false };
const BOB: Principal = { ...LOCAL, name: 'bob', operator: false };

/** Watches, and adds up what comes. */
async function watching({ session, outbox }: TestProcess, params: object = { want: [...WATCHABLE] }) {
  const from = outbox.sent.length;
  expect(await session.call('kernel.watch', params)).toEqual({ watching: true });
  const state = new WatchState();
  let applied = 0;
  const views = () =>
    outbox.sent
      .slice(from)
      .flatMap(({ method, params }) => (method === 'kernel.view' ? [kernelView.parse(params)] : []));
  return {
    views,
    read() {
      for (const view of views().slice(applied)) state.apply(view);
      applied = views().length;
      return state.read();
    },
  };
}

function scripted() {
  const core = new ScriptedCore('a', { cap: 2, requestsPerMinute: 100 });
  return { core, ...testKernel([core], { limits: { pendingTotal: 4 } }) };
}

test('the first view comes at once and says all there is; later ones say what changed and what went', async () => {
  const { core, spawn, pass } = scripted();
  const operator = await spawn({ name: 'operator' });
  const agent = await spawn({ name: 'agent' });
  for (const n of [1, 2, 3]) void agent.session.call('llm.chat', ask(`${n}`, { task: 'sums' })).catch(() => {});
  await pass(1);
  const { views, read } = await watching(operator, { everyMs: 500, want: [...WATCHABLE] });
  await pass(1);
  expect(views()).toMatchObject([{ seq: 0, full: true }]);
  expect(read()).toMatchObject({
    kernel: { stats: { policy: 'fifo', syscalls: { running: 2, pending: 1 } } },
    queues: { waiting: 1, running: 2, ages: [1, 0, 0, 0, 0] },
    cores: [{ id: 'a', running: 2, cap: 2, requestsLeft: 98, usdPerHour: 0 }],
    agents: [{ name: 'operator' }, { name: 'agent', running: 2, pending: 1 }],
    calls: [
      { syscallId: 's0', status: 'running', core: 'a', task: 'sums' },
      { syscallId: 's1', status: 'running' },
      { syscallId: 's2', status: 'waiting', agent: 'agent' },
    ],
    costs: [],
  });
  expect(read().decisions).toMatchObject([{ syscallId: 's1' }, { syscallId: 's0', core: 'a', status: 'running' }]);
  core.requests[0]?.say('x').finish({ costUsd: 0.25 });
  await pass(500);
  const [, second] = views();
  expect(second).toMatchObject({
    seq: 1,
    full: false,
    agents: { rows: [{ pid: agent.pid, pending: 0, finished: 1, costUsd: 0.25 }] },
    calls: { rows: [{ syscallId: 's2', status: 'running', core: 'a' }], gone: ['s0'] },
  });
  expect(second?.calls?.rows).not.toMatchObject([{ task: 'sums' }]);
  expect(read()).toMatchObject({
    calls: [{ syscallId: 's1' }, { syscallId: 's2', task: 'sums' }],
    costs: [
      { by: 'agent', name: 'agent', usd: 0.25, todayUsd: 0.25, requests: 1 },
      { by: 'tenant', name: 'local', usd: 0.25 },
      { by: 'core', name: 'a', usd: 0.25 },
      { by: 'token', name: 'local', usd: 0.25 },
    ],
  });
  expect(read().decisions.find(({ syscallId }) => syscallId === 's0')).toMatchObject({ status: 'done', costUsd: 0.25 });
  await agent.session.call('syscall.feedback', { syscallId: 's0', quality: 0.5 });
  await pass(500);
  expect(read().decisions.find(({ syscallId }) => syscallId === 's0')).toMatchObject({ quality: 0.5 });
  agent.session.close('closed');
  await pass(500);
  expect(read()).toMatchObject({ agents: [{ name: 'operator' }], calls: [] });
});

test('what was predicted stands beside what it was; refusals are counted by code', async () => {
  const core = new ScriptedCore('a');
  const expected = [{ core: 'a', quality: 0.75, costUsd: 0.01, chosen: true }];
  const policy = {
    name: 'seer',
    schedule: ({ pending }: { pending: readonly { id: string }[] }) =>
      pending.slice(0, 1).map(({ id }) => ({ syscallId: id, core: 'a', reason: 'seen' })),
    predictions: () => expected,
  };
  const { spawn, pass } = testKernel([core], { policy, limits: { pendingTotal: 1 } });
  const agent = await spawn();
  void agent.session.call('llm.chat', ask()).catch(() => {});
  await errorOf(agent.session.call('llm.chat', ask()));
  await pass(1);
  const { read } = await watching(agent);
  await pass(1);
  expect(read()).toMatchObject({
    decisions: [{ reason: 'seen', predictedQuality: 0.75, predictedUsd: 0.01, status: 'running' }],
    queues: { refused: { busy: 1 } },
  });
});

test('a token sees its own processes, calls, decisions and costs; an operator those of all', async () => {
  const { core, spawn, pass } = scripted();
  const ann = await spawn({ principal: ANN, name: 'ann-agent' });
  const bob = await spawn({ principal: { ...BOB, budgetUsd: 5 }, name: 'bob-agent' });
  const operator = await spawn();
  for (const { session } of [ann, bob, bob]) void session.call('llm.chat', ask()).catch(() => {});
  await pass(1);
  for (const { read } of [await watching(ann), await watching(bob), await watching(operator)]) {
    core.requests.shift()?.say('x').finish();
    await pass(1000);
    const { agents, calls, decisions, costs } = read();
    const names = new Set(agents.map(({ name }) => name));
    if (names.size === 3) continue;
    expect(names.size).toBe(1);
    for (const { agent } of [...calls, ...decisions]) expect(names).toContain(agent);
    for (const { by, name } of costs) if (by === 'agent') expect(names).toContain(name);
  }
  const { read } = await watching(operator);
  await pass(1);
  expect(new Set(read().decisions.map(({ agent }) => agent))).toEqual(new Set(['ann-agent', 'bob-agent']));
  expect(read().costs.filter(({ by }) => by === 'token')).toMatchObject([
    { name: 'ann' },
    { name: 'bob', budgets: [{ per: 'total', usd: 5 }] },
  ]);
});

test('a slow reader gets nothing until it has caught up, and then all there is', async () => {
  const { spawn, pass } = scripted();
  const operator = await spawn();
  const { views, read } = await watching(operator, { everyMs: 100, want: ['agents', 'kernel'] });
  await pass(150);
  operator.outbox.slow = true;
  const late = await spawn({ name: 'late' });
  await pass(300);
  const before = views().length;
  expect(before).toBe(2);
  operator.outbox.slow = false;
  await pass(100);
  expect(views()[before]).toMatchObject({ full: true });
  expect(read().agents).toMatchObject([{ pid: operator.pid }, { pid: late.pid }]);
});

test('one view is made for all who may see the same; a second request takes the place of the first', async () => {
  const { kernel, spawn, pass } = scripted();
  let counted = 0;
  const { stats } = kernel;
  kernel.stats = function count() {
    counted++;
    return stats.call(this);
  };
  const all = await Promise.all(Array.from({ length: 10 }, () => spawn()));
  const watches = await Promise.all(all.map((one) => watching(one, { everyMs: 200, want: ['kernel'] })));
  await pass(1050);
  const perView = new Set(watches.map(({ views }) => views().length));
  expect([...perView]).toEqual([counted]);
  const again = await watching(all[0] as TestProcess, { everyMs: 60_000, want: ['agents'] });
  await pass(1000);
  expect(again.views().filter(({ kernel }) => kernel !== undefined)).toEqual([]);
  expect(again.views()).toHaveLength(1);
});

test('nothing is made, and no timer is left, once nobody watches any more', async () => {
  const { clock, spawn, pass } = scripted();
  const operator = await spawn();
  await watching(operator, { everyMs: 100, want: ['kernel'] });
  await pass(250);
  operator.session.close('closed');
  await pass(100);
  expect(clock.pendingTimers).toBe(0);
});

test.each([
  [{ everyMs: 1, want: ['cores'] }, 'params.everyMs: Too small: expected number to be >=100, got 1'],
  [{ want: ['cats'] }, 'params.want.0: '],
  [{ want: [] }, 'params.want: '],
])('%j is refused', async (params, message) => {
  const { spawn } = scripted();
  const { session } = await spawn();
  const error = await errorOf(session.call('kernel.watch', params));
  expect(error).toMatchObject({ code: 'invalid-params' });
  expect(String(error['message'])).toContain(message.split(':')[0]);
});

describe('views after the first', () => {
  test('add up to what there is, whatever changes', () => {
    const row = fc.record({
      id: fc.integer({ min: 0, max: 8 }),
      a: fc.option(fc.nat(3), { nil: undefined }),
      b: fc.nat(2),
    });
    const rows = fc.uniqueArray(row, { selector: ({ id }) => id, maxLength: 8 });
    const clean = (list: readonly object[]) => JSON.parse(JSON.stringify(list)) as object[];
    fc.assert(
      fc.property(fc.array(rows, { maxLength: 6 }), (steps) => {
        const before = new Map();
        const state = new WatchState();
        for (const [seq, step] of steps.entries()) {
          const cores = patchRows(before, clean(step) as { id: number }[], 'id');
          state.apply(JSON.parse(JSON.stringify({ at: 0, seq, full: false, cores })) as KernelView);
          const byId = (list: readonly object[]) => new Map(list.map((one) => [(one as { id: number }).id, one]));
          expect(byId(state.read().cores)).toEqual(byId(clean(step)));
        }
      }),
    );
  });

  test('of 10 watchers, 1,000 agents and 500 calls since the last one are at most 64 KB', async () => {
    const cores = Array.from({ length: 4 }, (_, n) => new ScriptedCore(`core-${n}`, { cap: 200 }));
    const { spawn, pass } = testKernel(cores, { policy: 'round-robin' });
    const agents = await Promise.all(Array.from({ length: 1000 }, (_, n) => spawn({ name: `agent-${n}` })));
    const watcher = await spawn();
    const { views } = await watching(watcher, { everyMs: 250, want: [...WATCHABLE] });
    for (let round = 0; round < 3; round++) {
      const calls = agents.slice(round * 250, round * 250 + 500).map(({ session }) => session.call('llm.chat', ask()));
      await pass(1);
      for (const core of cores) for (const request of core.requests.splice(0)) request.say('x').finish();
      await pass(249);
      await Promise.all(calls);
    }
    const sizes = views()
      .slice(1)
      .map((view) => JSON.stringify(view).length);
    expect(sizes.length).toBeGreaterThan(2);
    expect(Math.max(...sizes)).toBeLessThan(64 * 1024);
  });
});

test('no view holds a prompt or an answer', async () => {
  const { core, spawn, pass } = scripted();
  const operator = await spawn();
  void operator.session.call('llm.chat', ask('CANARY-prompt')).catch(() => {});
  await pass(1);
  core.last.say('CANARY-answer').finish();
  await pass(1);
  const { views } = await watching(operator);
  await pass(1);
  expect(views()).toHaveLength(1);
  expect(JSON.stringify(views())).not.toContain('CANARY');
});
