import { describe, expect, test } from 'vitest';
import { solveSubgradient } from '../../../schedulers/baselines/subgradient-solver.js';
import { solveAssignment } from '../../../schedulers/eccos/optimizer/solve-assignment.js';
import { expectSound } from '../eccos/optimizer/checks.js';
import { kinds, makeInstance } from '../eccos/optimizer/instances.js';

describe.each(kinds)('the subgradient method on %s instances', (kind) => {
  test('the optimiser is feasible wherever it is, and never more expensive by more than 0.1 %', () => {
    for (let seed = 0; seed < 12; seed++) {
      const instance = makeInstance(kind, 40 + 20 * seed, 4, seed);
      const best = solveAssignment(instance);
      for (const other of [solveSubgradient(instance), solveSubgradient(instance, { repair: true })]) {
        expect(other.bound).toBeLessThanOrEqual(best.bound * (1 + 1e-9));
        if (other.status === 'infeasible') continue;
        expectSound(instance, other);
        expect(best.status).toBe('solved');
        expect(best.cost).toBeLessThanOrEqual(other.cost * 1.001);
      }
    }
  });
});
