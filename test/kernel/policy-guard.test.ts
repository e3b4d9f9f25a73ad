import { pino } from 'pino';
import { expect, test } from 'vitest';
import { KernelEvents } from '../../kernel/events.js';
import { Metrics } from '../../kernel/metrics.js';
import { PolicyGuard } from '../../kernel/policy-guard.js';
import type { FinishedCall, SchedulerPolicy } from '../../schedulers/policy.js';

const NOTHING = { now: 0, pending: [], cores: [] };

/** A guarded policy, what was logged of it and what watchers heard of it. */
function guarded(hooks: Partial<SchedulerPolicy>) {
  const logged: string[] = [];
  const heard: string[] = [];
  const events = new KernelEvents();
  events.on('policyThrew', ({ hook, error }) => heard.push(`${hook}: ${(error as Error).message}`));
  const log = pino({}, { write: (line: string) => void logged.push(JSON.parse(line).msg) });
  const metrics = new Metrics();
  const policy: SchedulerPolicy = { name: 'bad', schedule: () => [], ...hooks };
  return { guard: new PolicyGuard({ policy, metrics, events, log }), metrics, logged, heard };
}

function bug(): never {
  throw new Error('bug');
}

test('of each hook that throws only the first time is logged; watchers hear of every one', () => {
  const { guard, metrics, logged, heard } = guarded({ schedule: bug, release: bug });
  for (let n = 0; n < 3; n++) {
    guard.schedule(NOTHING);
    guard.release('s0', undefined);
  }
  expect(logged).toEqual([
    'the policy threw in schedule; not logged again',
    'the policy threw in release; not logged again',
  ]);
  expect(heard).toEqual(Array.from({ length: 3 }, () => ['schedule: bug', 'release: bug']).flat());
  expect(metrics.scheduler.fallbacks).toBe(3);
});

test.each([
  ['a promise', async () => bug(), 'answer at once, got a promise'],
  ['null', () => null, 'array, got null'],
  ['an object', () => ({}), 'array, got object'],
])('%s in place of a list is a throw', (_, answer, got) => {
  const { guard, heard } = guarded({ schedule: answer as never, refuse: answer as never, explain: answer as never });
  expect(guard.schedule(NOTHING)).toEqual([]);
  expect(guard.refuse(NOTHING)).toEqual([]);
  guard.explain('s0');
  // No explanation is a list of none.
  const hooks = got.endsWith('null') ? ['schedule', 'refuse'] : ['schedule', 'refuse', 'explain'];
  expect(heard).toEqual(hooks.map((hook) => `${hook}: Expected an ${got}`));
});

test('a status that is promised is a throw, and its rejection ends nothing', async () => {
  const { guard, heard } = guarded({ status: (async () => bug()) as never });
  expect(guard.outlook()).toEqual({});
  await new Promise((resolve) => setImmediate(resolve));
  expect(heard).toEqual(['status: Expected an answer at once, got a promise']);
});

test('a hook that nobody waits for may be async: its rejection is a throw', async () => {
  const { guard, heard } = guarded({ release: (async () => bug()) as never, feedback: (async () => bug()) as never });
  guard.release('s0', undefined);
  guard.feedback({} as FinishedCall, 1, 'agent');
  await new Promise(setImmediate);
  expect(heard).toEqual(['release: bug', 'feedback: bug']);
});

test('numbers of a status that are none, and predictions without them, are left out', () => {
  const status = () => ({
    alpha: Number.NaN,
    predictedQuality: 0.5,
    ratedQuality: 'good',
    secondPrices: { a: 1, b: Infinity },
  });
  const predictions = () => [
    { core: 'a', quality: 0.5, costUsd: 1, chosen: true },
    { core: 'b', quality: Number.NaN, costUsd: 1, chosen: false },
  ];
  const { guard } = guarded({ status: status as never, predictions });
  expect(guard.outlook()).toEqual({
    outlook: { predictedQuality: 0.5, outOfReach: false, greedy: 0, secondPrices: { a: 1 } },
  });
  expect(guard.predictions('s0').map(({ core }) => core)).toEqual(['a']);
  expect(guarded({ predictions: bug }).guard.predictions('s0')).toEqual([]);
});
