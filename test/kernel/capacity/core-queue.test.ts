import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CoreQueue, IndexedRunQueue } from '../../../kernel/capacity/core-queue.js';

const settle = () => new Promise((resolve) => setImmediate(resolve));

test('starts calls by their order, at most so many at once, and never one that was withdrawn', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.uniqueArray(fc.integer({ min: 0, max: 1000 }), { maxLength: 30 }),
      fc.infiniteStream(fc.boolean()),
      async (cap, orders, withdraws) => {
        const queue = new CoreQueue(0);
        const started: number[] = [];
        const ends: (() => void)[] = [];
        let running = 0;
        let most = 0;
        for (const order of orders) {
          queue.hold(`s${order}`, order, () => {
            started.push(order);
            most = Math.max(most, ++running);
            return new Promise<void>((resolve) => ends.push(() => resolve(void running--)));
          });
        }
        const kept = orders.filter((order) => !(withdraws.next().value === true && queue.withdraw(`s${order}`)));
        expect(queue.ids()).toEqual(kept.toSorted((a, b) => a - b).map((order) => `s${order}`));
        queue.setGate(cap);
        while (started.length < kept.length || ends.length > 0) {
          await settle();
          ends.shift()?.();
        }
        await settle();
        expect(started).toEqual(kept.toSorted((a, b) => a - b));
        expect(most).toBeLessThanOrEqual(cap);
        expect([queue.running, queue.held]).toEqual([0, 0]);
      },
    ),
    { numRuns: 50 },
  );
});

test('a lower gate starts nothing new and leaves alone what runs; 0 starts nothing at all', async () => {
  const queue = new CoreQueue(2);
  const ends: (() => void)[] = [];
  for (let n = 0; n < 4; n++) queue.hold(`s${n}`, n, () => new Promise<void>((resolve) => ends.push(resolve)));
  expect(queue.running).toBe(2);
  queue.setGate(1);
  ends.shift()?.();
  await settle();
  expect([queue.running, queue.held]).toEqual([1, 2]);
  queue.setGate(0);
  ends.shift()?.();
  await settle();
  expect([queue.running, queue.held]).toEqual([0, 2]);
  queue.setGate(3);
  expect([queue.running, queue.held]).toEqual([2, 0]);
});

test('the queue class keeps to the contract of p-queue', () => {
  const queue = new IndexedRunQueue();
  const runs = [0, 1, 2].map(() => async () => {});
  for (const [n, run] of runs.entries()) queue.enqueue(run, { id: `s${n}`, priority: n });
  queue.setPriority('s2', -1);
  expect(() => queue.setPriority('nobody', 1)).toThrow(ReferenceError);
  expect(queue.filter({ priority: 1 })).toEqual([runs[1]]);
  expect(queue.filter({})).toEqual([runs[2], runs[0], runs[1]]);
  expect(queue.remove('s0')).toBe(true);
  expect(queue.size).toBe(2);
  expect([queue.dequeue(), queue.dequeue(), queue.dequeue()]).toEqual([runs[2], runs[1], undefined]);
});
