import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AssignmentProblem, solveAssignment } from '../../../../schedulers/eccos/optimizer/solve-assignment.js';
import { expectSound, servedCount } from './checks.js';
import { type Instance, kinds, makeInstance } from './instances.js';

const instances = fc
  .record({
    kind: fc.constantFrom(...kinds),
    n: fc.integer({ min: 1, max: 60 }),
    m: fc.integer({ min: 1, max: 8 }),
    seed: fc.nat(),
  })
  .map(({ kind, n, m, seed }) => makeInstance(kind, n, m, seed));

const dollars = fc.oneof(
  fc.double({ min: 0, max: 2, noNaN: true }),
  fc.constantFrom(0, -0, 1e-9, 3e-9, 1e9, 2e9, 1, 1, -1, NaN, Infinity, -Infinity, 5e-324),
);
const odds = fc.oneof(
  fc.double({ min: 0, max: 1, noNaN: true }),
  fc.constantFrom(0, 0.5, 0.5, 1, -1, NaN, Infinity, -0),
);
const slots = fc.oneof(fc.integer({ min: 0, max: 4 }), fc.constantFrom(0, -2, 0.5, 1.999, Infinity, 1e300));
const form = fc.oneof(
  fc.record({ alpha: fc.oneof(odds, fc.constantFrom(1e-9, 1e9, -5)).filter(Number.isFinite) }),
  fc.record({ budget: fc.oneof(dollars, fc.constant(Infinity)).filter((budget) => budget > -Infinity) }),
  fc.record({ lambda: fc.oneof(odds, fc.constantFrom(1e-9, 1e9)).filter((price) => price >= 0 && price < Infinity) }),
);
const ugly: fc.Arbitrary<AssignmentProblem> = fc
  .record({ n: fc.integer({ min: 0, max: 12 }), m: fc.integer({ min: 0, max: 5 }) })
  .chain(({ n, m }) => {
    const exactly = <T>(values: fc.Arbitrary<T>, length: number): fc.Arbitrary<T[]> =>
      fc.array(values, { minLength: length, maxLength: length });
    const rest = fc.record(
      {
        allowed: exactly(fc.boolean(), n * m),
        minQuality: exactly(fc.constantFrom(-Infinity, 0, 0.5, 0.9, Infinity), n),
        priority: exactly(fc.constantFrom(0, 1, 2, Infinity, -Infinity), n),
        age: exactly(fc.nat(30), n),
        overdue: exactly(fc.boolean(), n),
        relGap: fc.constantFrom(0, 1e-4, 1),
        warm: fc.record({ lambda: dollars, mu: fc.array(dollars, { maxLength: 5 }) }),
      },
      { requiredKeys: [] },
    );
    const matrices = fc.record({
      cost: exactly(dollars, n * m),
      quality: exactly(odds, n * m),
      caps: exactly(slots, m),
    });
    return fc
      .tuple(matrices, form, rest)
      .map(([matrix, chosen, optional]) => ({ n, m, ...matrix, ...chosen, ...optional }));
  });

describe('whatever the input', () => {
  test('the answer is sound, deterministic and leaves its input alone', () => {
    fc.assert(
      fc.property(ugly, (problem) => {
        const before = structuredClone(problem);
        const found = solveAssignment(problem);
        expectSound(problem, found);
        expect(problem).toEqual(before);
        expect(solveAssignment(problem)).toEqual(found);
      }),
      { numRuns: 3000 },
    );
  });

  test('a larger claim is never passed over for a smaller one that could be dropped for it', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(9), { minLength: 1, maxLength: 20 }), fc.nat(20), (priority, cap) => {
        const n = priority.length;
        const found = solveAssignment({
          n,
          m: 1,
          cost: new Float64Array(n),
          quality: new Float64Array(n),
          caps: [cap],
          alpha: 0,
          priority,
        });
        const taken = priority.filter((_, call) => found.assignment[call] === 0).sort((a, b) => b - a);
        expect(taken).toEqual(priority.toSorted((a, b) => b - a).slice(0, cap));
      }),
    );
  });
});

describe('metamorphic relations', () => {
  const exactly = (instance: Instance): AssignmentProblem => ({ ...instance, relGap: 0 });
  const near = (a: number, b: number, rel = 1e-9): void =>
    expect(Math.abs(a - b)).toBeLessThanOrEqual(rel * Math.max(Math.abs(a), Math.abs(b)) + 1e-300);

  test('E26 scaled costs give the same assignment and scaled prices', () => {
    fc.assert(
      fc.property(instances, fc.constantFrom(2 ** -20, 2 ** 20), (instance, factor) => {
        const scaled = { ...instance, cost: instance.cost.map((dollars) => dollars * factor) };
        const [a, b] = [solveAssignment(exactly(instance)), solveAssignment(exactly(scaled))];
        expect(b.assignment).toEqual(a.assignment);
        near(b.lambda, a.lambda * factor);
      }),
    );
    for (const kind of ['random', 'corr', 'real', 'tightcaps'] as const) {
      const instance = makeInstance(kind, 50, 5, 3);
      for (const factor of [1e-6, 1e6]) {
        const scaled = { ...instance, cost: instance.cost.map((dollars) => dollars * factor) };
        const [a, b] = [solveAssignment(exactly(instance)), solveAssignment(exactly(scaled))];
        expect(b.assignment).toEqual(a.assignment);
        near(b.lambda, a.lambda * factor);
      }
    }
  });

  test('E27 permuted calls and cores have the same bound, and the same cost where it is proved', () => {
    fc.assert(
      fc.property(instances, (instance) => {
        const { n, m, cost, quality, caps } = instance;
        const flip = (values: Float64Array): Float64Array => values.toReversed();
        const a = solveAssignment(exactly(instance));
        const b = solveAssignment({
          ...exactly(instance),
          cost: flip(cost),
          quality: flip(quality),
          caps: caps.toReversed(),
        });
        if (servedCount(a) < n || m === 0) return;
        near(a.bound, b.bound);
        if (a.exact && b.exact) near(a.cost, b.cost);
        else expect(Math.abs(a.cost - b.cost)).toBeLessThanOrEqual(Math.max(a.gap, b.gap));
      }),
    );
  });

  test('E28 one more slot or a lower alpha never raises the bound', () => {
    fc.assert(
      fc.property(instances, fc.nat(), (instance, pick) => {
        const caps = instance.caps.slice();
        caps[pick % instance.m]!++;
        const a = solveAssignment(exactly(instance));
        for (const easier of [{ caps }, { alpha: instance.alpha * 0.97 }]) {
          const b = solveAssignment({ ...exactly(instance), ...easier });
          if (a.status !== b.status) continue;
          expect(b.bound).toBeLessThanOrEqual(a.bound * (1 + 1e-9) + 1e-300);
          expect(b.cost).toBeLessThanOrEqual(a.cost + b.gap + 1e-9 * a.cost);
        }
      }),
    );
  });

  test('E29 any warm start gives the bound of the cold one', () => {
    const prices = fc.oneof(
      fc.double({ min: 0, max: 1e3, noNaN: true }),
      fc.constantFrom(1e12, 1e300, NaN, -1, Infinity),
    );
    const warms = fc.record({ lambda: prices, mu: fc.array(prices, { maxLength: 9 }) });
    fc.assert(
      fc.property(instances, warms, (instance, warm) => {
        const mu = Array.from({ length: instance.m }, (_, j) => warm.mu[j] ?? 0);
        const cold = solveAssignment(exactly(instance));
        for (const given of [warm, { ...warm, mu }]) {
          const found = solveAssignment({ ...exactly(instance), warm: given });
          expectSound(instance, found);
          near(found.bound, cold.bound);
        }
      }),
    );
  });

  test('the price of a full core is what a further slot saves, and more slots save less each', () => {
    for (let seed = 0; seed < 30; seed++) {
      const instance = makeInstance('corr', 60, 4, seed);
      const found = solveAssignment(instance);
      for (let core = 0; core < 4; core++) {
        const caps = instance.caps.slice();
        caps[core]!++;
        const saved = found.bound - solveAssignment({ ...instance, caps }).bound;
        expect(saved).toBeLessThanOrEqual(found.mu[core]! + 1e-9 * found.bound);
      }
    }
  });
});

test('a small mixture of 1e-9 and 1e9 dollars keeps its small differences', () => {
  const cost = [1e-9, 3e-9, 1e9, 2e-9, 2e-9, 1e9, 1e-9, 4e-9, 1e9];
  const quality = [0.1, 0.9, 1, 0.1, 0.9, 1, 0.1, 0.9, 1];
  const found = solveAssignment({ n: 3, m: 3, cost, quality, caps: [3, 3, 3], alpha: 0.6, relGap: 0 });
  expect([...found.assignment]).toEqual([1, 1, 0]);
  expect(found.cost).toBeCloseTo(6e-9, 20);
});

test('all calls on one core', () => {
  const n = 200;
  const allowed = Array.from({ length: n * 4 }, (_, cell) => cell % 4 === 2);
  const instance = makeInstance('random', n, 4, 1);
  const found = solveAssignment({ ...instance, caps: [9, 9, 120, 9], alpha: 0.5, allowed });
  expect(servedCount(found)).toBe(120);
  expect([...found.assignment.slice(0, 120)]).toEqual(new Array(120).fill(2));
});
