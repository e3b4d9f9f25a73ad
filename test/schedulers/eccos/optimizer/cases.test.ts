import { describe, expect, test } from 'vitest';
import { type AssignmentProblem, solveAssignment } from '../../../../schedulers/eccos/optimizer/solve-assignment.js';

interface Case {
  readonly name: string;
  readonly cost: readonly (readonly number[])[];
  readonly quality: readonly (readonly number[])[];
  readonly caps: readonly number[];
  readonly rest: Partial<AssignmentProblem>;
  readonly expected: {
    readonly infeasible?: true;
    readonly served: number;
    readonly cost: number;
    readonly quality: number;
  };
  /** Given only where it is the only optimal one. */
  readonly assignment?: readonly number[];
}

const rows = <T>(count: number, row: T): T[] => new Array(count).fill(row);

const cases: readonly Case[] = [
  {
    name: 'E1 single query, single model',
    cost: [[2]],
    quality: [[0.8]],
    caps: [1],
    rest: { alpha: 0.5 },
    expected: { served: 1, cost: 2, quality: 0.8 },
    assignment: [0],
  },
  {
    name: 'E2 alpha above the maximum gives the best quality',
    cost: rows(2, [1, 5]),
    quality: rows(2, [0.5, 0.9]),
    caps: [2, 1],
    rest: { alpha: 0.8 },
    expected: { infeasible: true, served: 2, cost: 6, quality: 1.4 },
  },
  {
    name: 'E3 alpha reached exactly by the best quality',
    cost: rows(2, [1, 5]),
    quality: rows(2, [0.5, 0.9]),
    caps: [2, 1],
    rest: { alpha: 0.7 },
    expected: { served: 2, cost: 6, quality: 1.4 },
  },
  {
    name: 'E4 alpha 0 is the cheapest under the caps',
    cost: [
      [1, 3],
      [2, 3],
      [1, 9],
    ],
    quality: rows(3, [0.1, 0.9]),
    caps: [2, 3],
    rest: { alpha: 0 },
    expected: { served: 3, cost: 5, quality: 1.1 },
    assignment: [0, 1, 0],
  },
  {
    name: 'E5 no slot on the best model',
    cost: rows(2, [1, 2, 1]),
    quality: rows(2, [0.4, 0.7, 1]),
    caps: [2, 2, 0],
    rest: { alpha: 0.55 },
    expected: { served: 2, cost: 3, quality: 1.1 },
  },
  {
    name: 'E6 no slot at all',
    cost: [[1, 2]],
    quality: [[0.5, 0.6]],
    caps: [0, 0],
    rest: { alpha: 0.5 },
    expected: { served: 0, cost: 0, quality: 0 },
    assignment: [-1],
  },
  {
    name: 'E7 priorities pick the served set',
    cost: rows(3, [1, 4]),
    quality: rows(3, [0.5, 0.9]),
    caps: [1, 1],
    rest: { alpha: 0.7, priority: [1, 5, 3] },
    expected: { served: 2, cost: 5, quality: 1.4 },
  },
  {
    name: 'E8 a forbidden pair forces the expensive model',
    cost: rows(2, [1, 10]),
    quality: rows(2, [0.9, 0.9]),
    caps: [2, 1],
    rest: { alpha: 0.5, allowed: [false, true, true, true] },
    expected: { served: 2, cost: 11, quality: 1.8 },
    assignment: [1, 0],
  },
  {
    name: 'E9 a query without a model stays pending, others are served',
    cost: rows(2, [1, 10]),
    quality: [
      [0.9, 0.9],
      [0.8, 0.9],
    ],
    caps: [2, 2],
    rest: { alpha: 0.5, allowed: [false, false, true, true], priority: [9, 1] },
    expected: { served: 1, cost: 1, quality: 0.8 },
    assignment: [-1, 0],
  },
  {
    name: 'E10 masks make a swap necessary',
    cost: rows(2, [1, 2]),
    quality: rows(2, [0.9, 0.9]),
    caps: [1, 1],
    rest: { alpha: 0.5, allowed: [true, true, true, false] },
    expected: { served: 2, cost: 3, quality: 1.8 },
    assignment: [1, 0],
  },
  {
    name: 'E11 a floor per query',
    cost: rows(2, [1, 3, 9]),
    quality: rows(2, [0.5, 0.7, 0.9]),
    caps: [2, 2, 2],
    rest: { alpha: 0, minQuality: [0.6, 0] },
    expected: { served: 2, cost: 4, quality: 1.2 },
    assignment: [1, 0],
  },
  {
    name: 'E12 the budget form',
    cost: rows(3, [1, 3, 9]),
    quality: [
      [0.5, 0.7, 0.9],
      [0.4, 0.8, 0.9],
      [0.6, 0.65, 0.95],
    ],
    caps: [3, 3, 3],
    rest: { budget: 7 },
    expected: { served: 3, cost: 7, quality: 2.1 },
    assignment: [1, 1, 0],
  },
  {
    name: 'E13 a budget too small gives the cheapest',
    cost: rows(2, [2, 3]),
    quality: rows(2, [0.5, 0.7]),
    caps: [1, 2],
    rest: { budget: 4 },
    expected: { infeasible: true, served: 2, cost: 5, quality: 1.2 },
  },
  {
    name: 'E14 identical queries, a knapsack',
    cost: rows(5, [1, 4, 10]),
    quality: rows(5, [0.4, 0.7, 0.9]),
    caps: [5, 5, 5],
    rest: { alpha: 0.65 },
    expected: { served: 5, cost: 20, quality: 3.5 },
  },
  {
    name: 'E15 all costs zero',
    cost: rows(2, [0, 0]),
    quality: [
      [0.2, 0.8],
      [0.3, 0.9],
    ],
    caps: [2, 2],
    rest: { alpha: 0.85 },
    expected: { served: 2, cost: 0, quality: 1.7 },
    assignment: [1, 1],
  },
  {
    name: 'E16 all qualities equal, below alpha',
    cost: [
      [1, 2],
      [3, 1],
    ],
    quality: rows(2, [0.5, 0.5]),
    caps: [2, 2],
    rest: { alpha: 0.6 },
    expected: { infeasible: true, served: 2, cost: 2, quality: 1 },
    assignment: [0, 1],
  },
  {
    name: 'E17 all qualities equal, at alpha',
    cost: [
      [1, 2],
      [3, 1],
    ],
    quality: rows(2, [0.5, 0.5]),
    caps: [2, 2],
    rest: { alpha: 0.5 },
    expected: { served: 2, cost: 2, quality: 1 },
    assignment: [0, 1],
  },
  {
    name: 'E18 one costly upgrade or two cheap ones',
    cost: [
      [0.01, 0.5, 1],
      [0.01, 0.5, 1],
      [0.01, 0.05, 1],
    ],
    quality: [
      [0.5, 0.6, 0.9],
      [0.5, 0.6, 0.9],
      [0.5, 0.6, 0.7],
    ],
    caps: [3, 3, 3],
    rest: { alpha: 0.6 },
    expected: { served: 3, cost: 1.02, quality: 1.9 },
  },
  {
    name: 'E19 as many slots as queries',
    cost: [
      [4, 1, 3],
      [2, 0, 5],
      [3, 2, 2],
    ],
    quality: rows(3, [0.9, 0.9, 0.9]),
    caps: [1, 1, 1],
    rest: { alpha: 0.5 },
    expected: { served: 3, cost: 5, quality: 2.7 },
    assignment: [1, 0, 2],
  },
  {
    name: 'E20 two identical queries must not flip together',
    cost: rows(2, [1, 2]),
    quality: rows(2, [0, 1]),
    caps: [2, 2],
    rest: { alpha: 0.5 },
    expected: { served: 2, cost: 3, quality: 1 },
  },
  {
    name: 'E21 a negative cap and one beyond n',
    cost: rows(2, [1, 2]),
    quality: rows(2, [0.5, 0.9]),
    caps: [-3, 99],
    rest: { alpha: 0.5 },
    expected: { served: 2, cost: 4, quality: 1.8 },
    assignment: [1, 1],
  },
  {
    name: 'E22 a dominated model is used only by force',
    cost: rows(3, [1, 5]),
    quality: rows(3, [0.9, 0.5]),
    caps: [2, 3],
    rest: { alpha: 0.5 },
    expected: { served: 3, cost: 7, quality: 2.3 },
  },
];

describe('cases with known answers', () => {
  test.each(cases)('$name', ({ cost, quality, caps, rest, expected, assignment }) => {
    const found = solveAssignment({
      n: cost.length,
      m: caps.length,
      cost: cost.flat(),
      quality: quality.flat(),
      caps,
      relGap: 0,
      ...rest,
    });
    expect(found.status).toBe(expected.infeasible ? 'infeasible' : 'solved');
    expect(found.assignment.filter((core) => core >= 0)).toHaveLength(expected.served);
    expect(found.cost).toBeCloseTo(expected.cost, 9);
    expect(found.quality).toBeCloseTo(expected.quality, 9);
    expect(found.exact).toBe(true);
    if (assignment) expect([...found.assignment]).toEqual(assignment);
  });

  test('E7 leaves the call of least priority pending', () => {
    const found = solveAssignment({
      n: 3,
      m: 2,
      cost: [1, 4, 1, 4, 1, 4],
      quality: [0.5, 0.9, 0.5, 0.9, 0.5, 0.9],
      caps: [1, 1],
      alpha: 0.7,
      priority: [1, 5, 3],
    });
    expect(found.assignment[0]).toBe(-1);
    expect([...found.unservable]).toEqual([]);
  });

  test('E9 reports the query that no core can serve', () => {
    const found = solveAssignment({
      n: 2,
      m: 2,
      cost: [1, 10, 1, 10],
      quality: [0.9, 0.9, 0.8, 0.9],
      caps: [2, 2],
      alpha: 0.5,
      allowed: [0, 0, 1, 1],
    });
    expect([...found.unservable]).toEqual([0]);
  });

  test('E23 no calls', () => {
    for (const form of [{ alpha: 0.9 }, { budget: 0 }, { lambda: 2 }]) {
      expect(solveAssignment({ n: 0, m: 2, cost: [], quality: [], caps: [1, 1], ...form })).toMatchObject({
        status: 'solved',
        assignment: new Int32Array(0),
        cost: 0,
        quality: 0,
        gap: 0,
        exact: true,
      });
    }
  });

  test('no cores', () => {
    const found = solveAssignment({ n: 2, m: 0, cost: [], quality: [], caps: [], alpha: 0.5 });
    expect([...found.assignment]).toEqual([-1, -1]);
    expect([...found.unservable]).toEqual([0, 1]);
  });

  test.each([
    ['NaN cost', [NaN, 5], [0.9, 0.9]],
    ['infinite cost', [Infinity, 5], [0.9, 0.9]],
    ['negative infinite cost', [-Infinity, 5], [0.9, 0.9]],
    ['NaN quality', [1, 5], [NaN, 0.9]],
    ['infinite quality', [1, 5], [Infinity, 0.9]],
  ])('E24 %s forbids the pair', (_name, cost, quality) => {
    const found = solveAssignment({ n: 1, m: 2, cost, quality, caps: [1, 1], alpha: 0.5 });
    expect([...found.assignment]).toEqual([1]);
    expect(found.cost).toBe(5);
  });

  test('E25 fractional caps are cut off and Infinity means all calls', () => {
    const problem = { n: 3, m: 2, cost: [1, 2, 1, 2, 1, 2], quality: new Float64Array(6).fill(0.5), alpha: 0.5 };
    expect(solveAssignment({ ...problem, caps: [1.9, Infinity] }).cost).toBe(5);
    expect(solveAssignment({ ...problem, caps: [-0.5, 2.999] }).cost).toBe(4);
  });

  test('the lambda form pays for quality up to its price', () => {
    const problem = { n: 3, m: 2, cost: [1, 3, 1, 3, 1, 3], quality: [0.5, 0.9, 0.5, 0.8, 0.5, 0.6], caps: [3, 3] };
    expect([...solveAssignment({ ...problem, lambda: 5.5 }).assignment]).toEqual([1, 0, 0]);
    expect([...solveAssignment({ ...problem, lambda: 7 }).assignment]).toEqual([1, 1, 0]);
    expect([...solveAssignment({ ...problem, lambda: 0 }).assignment]).toEqual([0, 0, 0]);
    expect(solveAssignment({ ...problem, lambda: 7 })).toMatchObject({ exact: true, lambda: 7 });
  });
});
