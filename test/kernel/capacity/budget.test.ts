import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ContainerModule, PART } from '../../../kernel/modules.js';
import { LOCAL } from '../../../kernel/process/principal.js';
import { fifo } from '../../../schedulers/fifo.js';
import type { SchedulingSnapshot } from '../../../schedulers/policy.js';
import { ask, errorOf, testKernel } from '../../support/kernel.js';
import { ScriptedCore } from '../../support/scripted-core.js';

/** 1 dollar a million input tokens, 10 dollars a million output tokens. */
const PRICE = { inputPerMTok: 1, outputPerMTok: 10 };
const bob = (budgetUsd: number) => ({ ...LOCAL, name: 'bob', operator: false, budgetUsd });

function world(budgetUsd: number, options: Parameters<typeof testKernel>[1] = {}) {
  const core = new ScriptedCore('a', { cap: 20, price: PRICE });
  const kernel = testKernel([core], options);
  const agent = kernel.spawn({ principal: bob(budgetUsd) });
  return { core, agent, ...kernel };
}

const DAY_MS = 86_400_000;

/** The code of the error, or `done`. */
const endOf = (reply: Promise<unknown>) =>
  reply.then(
    () => 'done',
    ({ code }) => code as string,
  );

test('twenty calls at once spend at most the budget and one call', async () => {
  const { core, agent, pass, kernel } = world(0.01);
  const { session } = await agent;
  const ends = Array.from({ length: 20 }, () => endOf(session.call('llm.chat', ask('x', { maxTokens: 600 }))));
  let served = 0;
  for (let turn = 0; turn < 5; turn++) {
    await pass(5);
    expect(core.requests.length).toBeLessThanOrEqual(1);
    for (const request of core.requests.splice(0)) {
      request.finish({ costUsd: 0.006 });
      served++;
    }
  }
  expect(served).toBe(2);
  expect(await Promise.all(ends)).toEqual(['done', 'done', ...Array(18).fill('budget-exhausted')]);
  expect(kernel.stats().usage.costUsd).toBeCloseTo(0.012, 12);
});

test('as many run at once as the budget covers, and money that comes back lets the next ones start', async () => {
  const { core, agent, pass } = world(0.0205);
  const { session } = await agent;
  const ends = Array.from({ length: 5 }, () => endOf(session.call('llm.chat', ask('x', { maxTokens: 500 }))));
  await pass(5);
  // 5 dollars a thousand each.
  expect(core.requests).toHaveLength(4);
  core.requests[0]?.finish({ costUsd: 0.0001 });
  await pass(5);
  expect(core.requests).toHaveLength(5);
  for (const request of core.requests.slice(1)) request.finish({ costUsd: 0.0001 });
  expect(await Promise.all(ends)).toEqual(Array(5).fill('done'));
});

test('a call that no longer waits for money lets the next one try', async () => {
  const { core, agent, pass } = world(0.01);
  const { session } = await agent;
  const first = session.call('llm.chat', ask('x', { maxTokens: 900 }));
  const second = endOf(session.call('llm.chat', ask('x', { maxTokens: 900, deadlineMs: 50 })));
  const third = endOf(session.call('llm.chat', ask('x', { maxTokens: 900 })));
  const fourth = endOf(session.call('llm.chat', ask('x', { maxTokens: 900 })));
  await pass(5);
  await session.call('syscall.cancel', { syscallId: 's2' });
  await pass(100);
  expect(await Promise.all([second, third])).toEqual(['expired', 'cancelled']);
  expect(core.requests).toHaveLength(1);
  core.last.finish({ costUsd: 0.0001 });
  await first;
  await pass(5);
  core.last.finish({ costUsd: 0.0001 });
  expect(await fourth).toBe('done');
});

test('a call that is alone may spend what is left, even if more is expected of it', async () => {
  const { core, agent, pass } = world(0.001);
  const { session } = await agent;
  const reply = session.call('llm.chat', ask('x', { maxTokens: 900 }));
  await pass(5);
  core.last.finish({ costUsd: 0.0001 });
  expect(await reply).toMatchObject({ costUsd: 0.0001 });
});

test('without `maxTokens` the mean of the core is expected, and what a policy predicts counts before it', async () => {
  const mean = world(0.011);
  const asker = (await mean.agent).session;
  const first = asker.call('llm.chat', ask());
  await mean.pass(5);
  mean.core.last.finish({ usage: { inputTokens: 1, outputTokens: 300 }, costUsd: 0.003 });
  await first;
  for (let n = 0; n < 9; n++) void endOf(asker.call('llm.chat', ask()));
  await mean.pass(5);
  // 0.008 are left, and 300 tokens cost 0.003.
  expect(mean.core.requests).toHaveLength(3);

  const base = fifo();
  const predicting = {
    ...base,
    schedule: (snapshot: SchedulingSnapshot) =>
      base.schedule(snapshot).map((assignment) => ({ ...assignment, outputTokensP90: 100 })),
  };
  const informed = world(0.0031, { policy: predicting });
  const { session } = await informed.agent;
  for (let n = 0; n < 9; n++) void endOf(session.call('llm.chat', ask('x', { maxTokens: 900 })));
  await informed.pass(5);
  expect(informed.core.requests).toHaveLength(3);
});

test('one principal that waits for money takes no slot from another', async () => {
  const { core, agent, spawn, pass } = world(0.01);
  const { session } = await agent;
  for (let n = 0; n < 30; n++) void endOf(session.call('llm.chat', ask('x', { maxTokens: 900 })));
  const other = await spawn({ principal: { ...LOCAL, name: 'alice' } });
  const replies = Array.from({ length: 19 }, () => other.session.call('llm.chat', ask()));
  await pass(5);
  expect(core.requests).toHaveLength(20);
  for (const request of core.requests.slice(1)) request.finish();
  await Promise.all(replies);
});

describe('a budget of a day or month', () => {
  const spending = (budgetUsdBy: { day?: number; month?: number }, options: Parameters<typeof testKernel>[1] = {}) => {
    const core = new ScriptedCore('a', { cap: 20, price: PRICE });
    const kernel = testKernel([core], options);
    const agent = kernel.spawn({ principal: { ...bob(Number.POSITIVE_INFINITY), budgetUsdBy } });
    const spend = async (costUsd: number, more = {}) => {
      const { session } = await agent;
      const before = core.requests.length;
      const reply = session.call('llm.chat', ask('x', { maxTokens: 1, ...more }));
      reply.catch(() => {});
      await kernel.pass(5);
      if (core.requests.length > before) core.last.finish({ costUsd });
      return reply;
    };
    return { ...kernel, core, agent, spend };
  };

  test('is full again when the next one begins, and says when that is', async () => {
    const { spend, pass, clock } = spending({ day: 0.01, month: 0.025 });
    await pass(DAY_MS - 60_000);
    await spend(0.012);
    const spent = await errorOf(spend(0.001));
    // It was asked for 5 ms ago.
    expect(spent).toMatchObject({ code: 'budget-exhausted', retryAfterMs: DAY_MS - clock.now() + 5 });
    expect(spent['message']).toBe(
      'budgetPerDayUsd: the budget of 0.01 dollars for this day is spent; the next day begins at 1970-01-02T00:00:00.000Z',
    );
    await pass(60_000);
    await spend(0.012);
    await pass(DAY_MS);
    await spend(0.012);
    // The month is spent, which ends later than the day.
    expect((await errorOf(spend(0.001)))['message']).toContain('the next month begins at 1970-02-01');
    await pass(40 * DAY_MS);
    await spend(0.001);
  });

  test('counts a call where it ends, and holds what running calls are expected to cost', async () => {
    const { core, agent, pass } = spending({ day: 0.01 });
    const { session } = await agent;
    const ends = Array.from({ length: 9 }, () => endOf(session.call('llm.chat', ask('x', { maxTokens: 400 }))));
    await pass(5);
    expect(core.requests).toHaveLength(2);
    await pass(DAY_MS);
    for (const request of core.requests) request.finish({ costUsd: 0.01 });
    await pass(5);
    expect(await Promise.all(ends)).toEqual(['done', 'done', ...Array(7).fill('budget-exhausted')]);
    await pass(DAY_MS);
    const next = endOf(session.call('llm.chat', ask()));
    await pass(5);
    core.last.finish({ costUsd: 0.001 });
    expect(await next).toBe('done');
  });

  test('is what an earlier kernel has left, and is shown to its token', async () => {
    const left = {
      ...{ firstPid: 1, open: [], starts: [], spentUsd: new Map([['bob', 7]]) },
      spentUsdBy: new Map([['bob', { day: 1, month: 5 }]]),
    };
    const journal = { restore: async () => left, append: () => undefined, close: async () => {} };
    const modules = [new ContainerModule(({ rebind }) => void rebind(PART.journal).toConstantValue(journal))];
    const { kernel, agent, spend } = spending({ day: 2, month: 5.5 }, { modules });
    await kernel.ready();
    await spend(0.25);
    const { session } = await agent;
    expect((await session.call('kernel.stats', {})).budgets).toEqual([
      { per: 'month', usd: 5.5, spentUsd: 5.25, endsAt: 31 * DAY_MS },
      { per: 'day', usd: 2, spentUsd: 1.25, endsAt: DAY_MS },
    ]);
    await spend(0.25);
    expect(await errorOf(spend(0.25))).toMatchObject({ code: 'budget-exhausted' });
  });

  test('frees the key of a call that it has ended, for when the next one begins', async () => {
    const { agent, core, spend, pass } = spending({ day: 0.01 });
    const { session } = await agent;
    const first = session.call('llm.chat', ask('x', { maxTokens: 900 }));
    await pass(5);
    const held = errorOf(session.call('llm.chat', ask('y', { maxTokens: 900, idempotencyKey: 'held' })));
    await pass(5);
    for (const request of core.requests) request.finish({ costUsd: 0.02 });
    await pass(5);
    await first;
    expect(await held).toMatchObject({ code: 'budget-exhausted' });
    await pass(DAY_MS);
    expect(await spend(0.001, { maxTokens: 900, messages: ask('y').messages, idempotencyKey: 'held' })).toMatchObject({
      attempts: 1,
    });
  });
});

test('under random calls, cancels and answers every call ends, within the budget and one call, and none is refused that it covers', async () => {
  const step = fc.record({
    maxTokens: fc.integer({ min: 1, max: 800 }),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    cancel: fc.boolean(),
    answers: fc.nat(3),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 40 }),
      fc.double({ min: 0.001, max: 0.05, noNaN: true }),
      async (steps, budget) => {
        const { core, agent, pass, kernel } = world(budget);
        const { session } = await agent;
        const ends: Promise<string>[] = [];
        const answer = () => {
          const request = core.requests.shift();
          const { maxTokens = 0 } = request?.request ?? {};
          const { share = 1 } = steps[maxTokens % steps.length] ?? {};
          if (request?.signal.aborted === false)
            request.finish({ costUsd: (maxTokens * share * PRICE.outputPerMTok) / 1e6 });
        };
        for (const [at, { maxTokens, cancel, answers }] of steps.entries()) {
          const before = kernel.stats().usage.costUsd;
          ends.push(
            session.call('llm.chat', ask('x', { maxTokens })).then(
              () => 'done',
              ({ code }) => {
                if (code === 'budget-exhausted') expect(kernel.stats().usage.costUsd).toBeGreaterThanOrEqual(budget);
                return code as string;
              },
            ),
          );
          await pass(1);
          if (cancel) await session.call('syscall.cancel', { syscallId: `s${at}` }).catch(() => {});
          for (let n = 0; n < answers; n++) answer();
          expect(kernel.stats().usage.costUsd).toBeGreaterThanOrEqual(before);
        }
        for (
          let turn = 0;
          turn < 200 && kernel.stats().syscalls.pending + kernel.stats().syscalls.running > 0;
          turn++
        ) {
          answer();
          await pass(1);
        }
        expect((await Promise.all(ends)).every((end) => ['done', 'cancelled', 'budget-exhausted'].includes(end))).toBe(
          true,
        );
        expect(kernel.stats().usage.costUsd).toBeLessThanOrEqual(budget + 0.0081);
      },
    ),
    { numRuns: 60 },
  );
});
