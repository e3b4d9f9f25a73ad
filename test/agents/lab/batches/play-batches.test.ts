import { expect, test } from 'vitest';
import { playBatches } from '../../../../agents/lab/batches/play-batches.js';
import type { PendingCall, SchedulerPolicy } from '../../../../schedulers/policy.js';
import { fieldFrom } from './made-field.js';

const FIELD = fieldFrom(
  [
    { a: [1, 0.001], b: [0.5, 0.002] },
    { a: [0, 0.003], b: [1, 0.004] },
    { a: [0.5, 0.005], b: [0, 0.006] },
  ],
  { a: 1, b: 1 },
);
const ALL = Int32Array.of(0, 1, 2);

/** Places each call as it says, and writes down what happens to it. */
function scripted(core: (call: PendingCall, index: number) => string | undefined) {
  const log: string[] = [];
  const policy: SchedulerPolicy = {
    name: 'scripted',
    async prepare(arrived) {
      log.push(`prepare ${arrived.map(({ id }) => id).join(' ')}`);
    },
    schedule({ pending, cores }) {
      log.push(`schedule ${pending.length} on ${cores.map(({ id, free }) => `${id}:${free}`).join(' ')}`);
      return pending.flatMap((call, i) => {
        const chosen = core(call, i);
        return chosen === undefined ? [] : [{ syscallId: call.id, core: chosen, reason: 'as scripted' }];
      });
    },
    release(id, finished) {
      log.push(`release ${id} ${finished?.core} ${finished?.costUsd} ${finished?.outputTokens}`);
    },
    feedback({ id }, quality) {
      log.push(`feedback ${id} ${quality}`);
    },
  };
  return { policy, log };
}

test('all slots are free at the start of each batch, and answers are those of the records', async () => {
  const { policy, log } = scripted((_, i) => (i === 0 ? 'b' : 'a'));
  const played = await playBatches(policy, FIELD, Int32Array.of(2, 0, 1), { batch: 2 });
  expect(log).toEqual([
    'prepare call-0 call-1',
    'schedule 2 on a:1 b:1',
    'release call-0 b 0.006 6000',
    'release call-1 a 0.001 1000',
    'feedback call-0 0',
    'feedback call-1 1',
    'prepare call-2',
    'schedule 1 on a:1 b:1',
    'release call-2 b 0.004 4000',
    'feedback call-2 1',
  ]);
  expect(played.quality).toBeCloseTo(2 / 3, 12);
  expect(played.costUsd).toBeCloseTo(0.011 / 3, 12);
  expect(played.predicted).toBeNull();
  expect([...played.columns]).toEqual([1, 0, 1]);
});

test('what a tick leaves gets the next one, before the next batch arrives', async () => {
  const { policy, log } = scripted((_, i) => (i === 0 ? 'a' : undefined));
  await playBatches(policy, FIELD, ALL, { batch: 2, judged: false });
  expect(log.filter((line) => line.startsWith('schedule') || line.startsWith('prepare'))).toEqual([
    'prepare call-0 call-1',
    'schedule 2 on a:1 b:1',
    'schedule 1 on a:1 b:1',
    'prepare call-2',
    'schedule 1 on a:1 b:1',
  ]);
  expect(log.some((line) => line.startsWith('feedback'))).toBe(false);
});

test('a record that was drawn twice is two calls', async () => {
  const { policy } = scripted((_, i) => (i === 0 ? 'a' : 'b'));
  const played = await playBatches(policy, FIELD, Int32Array.of(1, 1), { batch: 2 });
  expect(played.quality).toBe(0.5);
});

test.each([
  ['passes a cap', () => 'a', 'scripted: Expected at most 1 calls on a, got 2'],
  ['places nothing', () => undefined, 'scripted: Expected some of the pending calls to be placed, got 0 of 0'],
])('a policy that %s is found out', async (_, core, message) => {
  await expect(playBatches(scripted(core).policy, FIELD, ALL, { batch: 2 })).rejects.toThrow(message);
});
