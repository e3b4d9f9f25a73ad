import { beforeAll, describe, expect, test } from 'vitest';
import { type AssignmentProblem, solveAssignment } from '../../../../schedulers/eccos/optimizer/solve-assignment.js';
import { expectSound } from './checks.js';
import { HighsReference } from './highs.js';
import { kinds, makeInstance, seeded } from './instances.js';

const SEEDS = 230;
/** Integer programs take HiGHS many times longer than linear ones. */
const MILP_SEEDS = 15;

let highs: HighsReference;
beforeAll(async () => {
  highs = await HighsReference.load();
});

describe.each(kinds)('%s instances agree with HiGHS', (kind) => {
  test(`the linear bound and what is feasible, ${SEEDS} instances`, () => {
    for (let seed = 0; seed < SEEDS; seed++) {
      const random = seeded(seed);
      const instance = makeInstance(kind, 4 + Math.floor(36 * random()), 1 + Math.floor(8 * random()), seed);
      const problem = vary(instance, seed, random);
      const found = solveAssignment({ ...problem, relGap: seed % 2 === 0 ? 0 : 1e-3 });
      expectSound(problem, found);
      const expected = highs.solve(problem, 'lp', (call) => found.assignment[call]! >= 0);
      const where = `${kind} seed ${seed}`;
      expect(expected.feasible, where).toBe(found.status === 'solved');
      if (!expected.feasible) continue;
      expect(Math.abs(found.bound - expected.objective), where).toBeLessThanOrEqual(
        1e-6 * Math.abs(expected.objective),
      );
    }
  }, 60_000);

  test(`the integer optimum on 99 %, never 0.5 % above, ${MILP_SEEDS} instances`, () => {
    const costlier: number[] = [];
    for (let seed = 1000; seed < 1000 + MILP_SEEDS; seed++) {
      const random = seeded(seed);
      const instance = makeInstance(kind, 8 + Math.floor(56 * random()), 2 + Math.floor(4.999 * random()), seed);
      const found = solveAssignment({ ...instance, relGap: 0 });
      const expected = highs.solve(instance, 'milp');
      expect(expected.feasible).toBe(true);
      const excess = found.cost / expected.objective - 1;
      expect(excess).toBeGreaterThan(-1e-6);
      expect(excess).toBeLessThan(0.005);
      if (found.exact) expect(excess).toBeLessThan(1e-6);
      if (excess > 1e-6) costlier.push(seed);
    }
    expect(costlier.length).toBeLessThanOrEqual(MILP_SEEDS / 100);
  }, 60_000);
});

/** A third each: as it is; the budget that its answer costs; masks, floors, broken numbers and short slots. */
function vary(instance: AssignmentProblem, seed: number, random: () => number): AssignmentProblem {
  const { n, m, cost, quality, caps, alpha } = instance;
  if (seed % 3 === 0) return instance;
  if (seed % 3 === 1) {
    const least = solveAssignment({ n, m, cost, quality, caps, alpha: -1 }).cost;
    return { n, m, cost, quality, caps, budget: least * (0.95 + 0.5 * random()) };
  }
  const broken = Float64Array.from(cost, (dollars) =>
    random() < 0.03 ? [NaN, Infinity, -Infinity][Math.floor(3 * random())]! : dollars,
  );
  return {
    n,
    m,
    cost: broken,
    quality,
    caps: Array.from(caps, (cap) => cap * (0.4 + random())),
    alpha: alpha! * (0.9 + 0.2 * random()),
    allowed: Array.from(cost, () => random() < 0.8),
    minQuality: Array.from({ length: n }, () => 0.3 * random()),
  };
}
