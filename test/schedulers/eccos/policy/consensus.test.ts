import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByTenant } from '../../../../schedulers/eccos/by-tenant.js';
import { consensus, voicesOf } from '../../../../schedulers/eccos/policy/consensus.js';

const near = (value: number) => fc.double({ min: value - 0.01, max: value + 0.01, noNaN: true });
const any = fc.double({ min: -1e6, max: 1e6, noNaN: true });

test('fewer than three parties agree on nothing', () => {
  for (const few of [[], [5], [5, 5]]) expect(consensus(few, 0.01)).toBe(0.01);
});

test('parties that agree say it all, parties that differ widely nothing', () => {
  expect(consensus([0.08, 0.081, 0.079, 0.08], 0.01)).toBeCloseTo(0.08, 3);
  expect(consensus([0.3, -0.2, 0.05, -0.4, 0.25], 0.01)).toBe(0.01);
});

test('fewer than half of the parties cannot move it out of the range of the others and the start', () => {
  fc.assert(
    fc.property(
      fc.array(near(0.08), { minLength: 2, maxLength: 9 }),
      fc.array(any, { maxLength: 8 }),
      (honest, all) => {
        const liars = all.slice(0, honest.length - 1);
        const value = consensus([...liars, ...honest], 0.01);
        expect(value).toBeGreaterThanOrEqual(Math.min(0.01, ...honest));
        expect(value).toBeLessThanOrEqual(Math.max(0.01, ...honest));
      },
    ),
  );
});

test('of each party the tenant with most ratings speaks, if these are enough', () => {
  const all = new ByTenant<number>();
  for (const [tenant, ratings] of Object.entries({ a: 40, 'b/one': 50, 'b/two': 90, c: 31 })) all.set(tenant, ratings);
  expect(voicesOf(all, (ratings) => ratings)).toEqual([40, 90]);
});
