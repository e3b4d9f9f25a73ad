import { describe, expect, test } from 'vitest';
import { solvePerCall } from '../../../../schedulers/eccos/optimizer/per-call.js';
import { solveAssignment } from '../../../../schedulers/eccos/optimizer/solve-assignment.js';
import { solveSubgradient } from '../../../../schedulers/eccos/optimizer/subgradient.js';
import { expectSound } from './checks.js';
import { kinds, makeInstance } from './instances.js';

describe.each(kinds)('baselines on %s instances', (kind) => {
  test('when they are feasible the optimiser is never dearer by more than 0.1 %, and it is feasible when they are', () => {
    for (let seed = 0; seed < 12; seed++) {
      const instance = makeInstance(kind, 40 + 20 * seed, 4, seed);
      const best = solveAssignment(instance);
      for (const other of [
        solveSubgradient(instance),
        solveSubgradient(instance, { repair: true }),
        solvePerCall(instance, { threshold: instance.alpha }),
      ]) {
        expect(other.bound).toBeLessThanOrEqual(best.bound * (1 + 1e-9));
        if (other.status === 'infeasible') continue;
        expectSound(instance, other);
        expect(best.status).toBe('solved');
        expect(best.cost).toBeLessThanOrEqual(other.cost * 1.001);
      }
    }
  });
});

test('the per-call rule takes the cheapest good core with a free slot, else the best one', () => {
  const cost = [1, 2, 9, 1, 2, 9, 1, 2, 9, 1, 2, 9];
  const quality = [0.5, 0.8, 0.9, 0.5, 0.8, 0.9, 0.75, 0.8, 0.9, 0.1, 0.2, 0.3];
  const found = solvePerCall({ n: 4, m: 3, cost, quality, caps: [2, 1, 1], alpha: 0.5 });
  expect([...found.assignment]).toEqual([1, 2, 0, 0]);
});
