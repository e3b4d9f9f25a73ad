import fc from 'fast-check';
import { expect, test } from 'vitest';
import { IndexedHeap } from '../../kernel/indexed-heap.js';

test('behaves as a sorted list under any order of adds, removes and pops', () => {
  const operation = fc.oneof(
    fc.record({ type: fc.constant('add' as const), key: fc.integer({ min: 0, max: 20 }) }),
    fc.record({ type: fc.constant('remove' as const), at: fc.nat() }),
    fc.record({ type: fc.constant('pop' as const) }),
  );
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 200 }), (operations) => {
      let seq = 0;
      const compare = (a: { key: number; seq: number }, b: { key: number; seq: number }) =>
        a.key - b.key || a.seq - b.seq;
      const heap = new IndexedHeap(compare);
      let model: { key: number; seq: number }[] = [];
      for (const step of operations) {
        if (step.type === 'add') {
          const item = { key: step.key, seq: seq++ };
          heap.add(item);
          model = [...model, item].sort(compare);
        } else if (step.type === 'pop') {
          expect(heap.pop()).toBe(model.shift());
        } else if (model.length > 0) {
          const [item] = model.splice(step.at % model.length, 1);
          expect(heap.remove(item as { key: number; seq: number })).toBe(true);
          expect(heap.remove(item as { key: number; seq: number })).toBe(false);
        }
        expect(heap.size).toBe(model.length);
        expect(heap.peek()).toBe(model[0]);
      }
      expect(heap.sorted()).toEqual(model);
    }),
  );
});

test('refuses an item that it holds', () => {
  const heap = new IndexedHeap<{ n: number }>((a, b) => a.n - b.n);
  const item = { n: 1 };
  heap.add(item);
  expect(() => heap.add(item)).toThrow(RangeError);
});
