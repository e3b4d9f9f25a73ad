import { describe, expect, test } from 'vitest';
import { solveAssignment } from '../../../../schedulers/eccos/optimizer/solve-assignment.js';
import { expectSound } from './checks.js';
import { kinds, makeInstance, seeded } from './instances.js';

describe.each(kinds)('large %s instances', (kind) => {
  test('keep every constraint and a small gap', () => {
    const share = { 256: 0.0025, 1024: kind === 'ties' ? 0.001 : 0.0003, 4096: kind === 'ties' ? 0.001 : 0.00002 };
    for (const [n, most] of Object.entries(share)) {
      for (let seed = 0; seed < 3; seed++) {
        const instance = makeInstance(kind, Number(n), 6, seed);
        const found = solveAssignment(instance);
        expectSound(instance, found);
        expect(found.status).toBe('solved');
        if (kind !== 'identical') expect(found.gap).toBeLessThanOrEqual(most * found.bound);
      }
    }
  });

  test('the gap is at most the sum of the m largest spreads', () => {
    for (let seed = 0; seed < 5; seed++) {
      const instance = makeInstance(kind, 200, 5, seed);
      const found = solveAssignment({ ...instance, relGap: 1 });
      const spreads = Array.from({ length: 200 }, (_, call) => {
        const row = instance.cost.subarray(call * 5, call * 5 + 5).filter((_, j) => instance.caps[j]! > 0);
        return Math.max(...row) - Math.min(...row);
      }).sort((a, b) => b - a);
      expect(found.gap).toBeLessThanOrEqual(spreads.slice(0, 5).reduce((a, b) => a + b, 0));
    }
  });

  test('a warm start after churn gives the bound of the cold one with fewer augmentations', () => {
    let cold = 0;
    let warm = 0;
    for (let seed = 0; seed < 3; seed++) {
      const instance = makeInstance(kind, 512, 6, seed);
      const before = solveAssignment(instance);
      const other = makeInstance(kind, 512, 6, seed + 50);
      const random = seeded(seed);
      const cost = instance.cost.slice();
      const quality = instance.quality.slice();
      for (let call = 0; call < 512; call++) {
        if (random() > 0.3) continue;
        cost.set(other.cost.subarray(call * 6, call * 6 + 6), call * 6);
        quality.set(other.quality.subarray(call * 6, call * 6 + 6), call * 6);
      }
      const next = { ...instance, cost, quality };
      const a = solveAssignment(next);
      const b = solveAssignment({ ...next, warm: before });
      expect(Math.abs(a.bound - b.bound)).toBeLessThanOrEqual(1e-9 * a.bound);
      cold += a.work.augmentations;
      warm += b.work.augmentations;
    }
    if (kind !== 'loose' && kind !== 'identical') expect(warm).toBeLessThanOrEqual(cold);
  });
});

test('10,000 identical calls are one row', () => {
  const instance = makeInstance('identical', 10_000, 20, 1);
  const found = solveAssignment(instance);
  expectSound(instance, found);
  expect(found.work.rows).toBe(1);
  expect(found.work.augmentations).toBeLessThan(1000);
});
