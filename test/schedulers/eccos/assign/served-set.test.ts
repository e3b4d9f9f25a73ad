import { describe, expect, test } from 'vitest';
import { solveAssignment } from '../../../../schedulers/eccos/optimizer/solve-assignment.js';
import { HighsReference } from '../optimizer/highs.js';
import { seeded } from '../optimizer/instances.js';

const flat = (n: number, m: number) => ({
  n,
  m,
  cost: new Float64Array(n * m).fill(1),
  quality: new Float64Array(n * m).fill(0.5),
  alpha: 0,
});
const servedBy = (assignment: Int32Array): number[] => [...assignment.keys()].filter((call) => assignment[call]! >= 0);

describe('when slots are short', () => {
  test('without priorities the first to arrive are served', () => {
    expect(servedBy(solveAssignment({ ...flat(5, 2), caps: [1, 2] }).assignment)).toEqual([0, 1, 2]);
  });

  test('age adds to priority, overdue calls go first, the oldest of them first', () => {
    const problem = { ...flat(4, 1), priority: [9, 0, 5, 5], age: [0, 10, 3, 4], overdue: [false, false, true, true] };
    expect(servedBy(solveAssignment({ ...problem, caps: [1] }).assignment)).toEqual([3]);
    expect(servedBy(solveAssignment({ ...problem, caps: [2] }).assignment)).toEqual([2, 3]);
    expect(servedBy(solveAssignment({ ...problem, caps: [3] }).assignment)).toEqual([1, 2, 3]);
  });

  test('as many calls are served as masks and caps can hold', async () => {
    const highs = await HighsReference.load();
    for (let seed = 0; seed < 60; seed++) {
      const random = seeded(seed);
      const n = 2 + Math.floor(20 * random());
      const m = 1 + Math.floor(5 * random());
      const allowed = Array.from({ length: n * m }, () => random() < 0.35);
      const caps = Array.from({ length: m }, () => Math.floor(6 * random()));
      const found = servedBy(solveAssignment({ ...flat(n, m), caps, allowed }).assignment).length;
      // One more core of quality 0 takes the rest: the most quality is then the most calls on the others.
      const wide = Array.from({ length: n * (m + 1) }, (_, cell) => cell % (m + 1));
      const old = (at: number): number => Math.floor(at / (m + 1)) * m + (at % (m + 1));
      const most = highs.solve(
        {
          n,
          m: m + 1,
          cost: wide.map(() => 0),
          quality: wide.map((j) => (j < m ? 1 : 0)),
          caps: [...caps, n],
          budget: 1,
          allowed: wide.map((j, at) => j === m || allowed[old(at)]!),
        },
        'lp',
      );
      expect(found).toBe(Math.abs(Math.round(most.objective)));
    }
  });

  test('no call starves: an overdue call waits at most for the overdue ones before it', () => {
    const slots = 3;
    let waiting = Array.from({ length: 20 }, (_, id) => ({ id, since: 0 }));
    for (let tick = 1; tick <= 7; tick++) {
      waiting.push(...Array.from({ length: 5 }, (_, k) => ({ id: 100 * tick + k, since: tick })));
      const found = solveAssignment({
        ...flat(waiting.length, 1),
        caps: [slots],
        priority: waiting.map(({ id }) => (id >= 100 ? 1000 : 0)),
        age: waiting.map(({ since }) => tick - since),
        overdue: waiting.map(({ since }) => since === 0),
      });
      waiting = waiting.filter((_, call) => found.assignment[call]! < 0);
    }
    expect(waiting.filter(({ since }) => since === 0)).toEqual([]);
  });
});
