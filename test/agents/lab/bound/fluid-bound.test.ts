import { describe, expect, test } from 'vitest';
import { FluidBound, type FluidLoad } from '../../../../agents/lab/bound/fluid-bound.js';
import { normal } from '../../../../agents/lab/load/distributions.js';
import { Random } from '../../../../agents/lab/load/random.js';
import { leastCost } from './highs-program.js';

/** Models of growing ability and price, and calls of different difficulty and length; time is short by `tight`. */
function load(seed: number, n: number, m: number, tight: number, lengthen = 1): FluidLoad {
  const random = new Random(seed);
  const cells = () => new Float64Array(n * m);
  const [quality, costUsd, seconds] = [cells(), cells(), cells()];
  for (let i = 0; i < n; i++) {
    const difficulty = normal(random);
    const tokens = Math.exp(5 + normal(random) / 2);
    for (let j = 0; j < m; j++) {
      const cell = i * m + j;
      quality[cell] = 1 / (1 + Math.exp(difficulty - j / 2 - normal(random) / 3));
      costUsd[cell] = 1e-6 * tokens * 4 ** j * Math.exp(normal(random) / 4);
      seconds[cell] = 0.3 + 0.005 * (1 + j / 2) * tokens;
    }
  }
  // Each core has the same share of the time that the calls need on it, and all of them together `tight` times what is needed.
  const capacity = Array.from({ length: m }, (_, j) => {
    let need = 0;
    for (let i = 0; i < n; i++) need += seconds[i * m + j]!;
    return (tight * need) / m;
  });
  const predicted = { quality, costUsd, seconds };
  return { n, m, predicted, realised: { ...predicted, seconds: seconds.map((s) => lengthen * s) }, capacity };
}

/** The same calls so many times. */
function repeated({ n, m, predicted, realised, capacity }: FluidLoad, times: number): FluidLoad {
  const all = (values: Float64Array) =>
    Float64Array.from({ length: times * n * m }, (_, cell) => values[cell % (n * m)]!);
  const cells = ({ quality, costUsd, seconds }: FluidLoad['predicted']) => ({
    ...{ quality: all(quality), costUsd: all(costUsd), seconds: all(seconds) },
  });
  return {
    n: times * n,
    m,
    predicted: cells(predicted),
    realised: cells(realised),
    capacity: capacity.map((s) => times * s),
  };
}

describe('the bound', () => {
  test.each([
    [1, 1.1, 0.7],
    [2, 1.3, 0.75],
    [3, 3, 0.6],
    [3, 3, 0.8],
    // The cheapest division that fits is better than asked for.
    [4, 1.2, 0.6],
  ])('is the optimum of the linear program within a hundredth: seed %d, %d times the time, quality %d', async (seed, tight, quality) => {
    const one = load(seed, 400, 5, tight);
    const exact = await leastCost(one, quality);
    const found = new FluidBound(one).reaching(quality);
    expect(exact).not.toBeNull();
    expect(Math.abs((found?.costUsd ?? 0) / (exact ?? 1) - 1)).toBeLessThan(0.01);
    expect(found?.predictedQuality).toBeGreaterThan(quality - 1e-9);
  });

  test.each([
    1, 2, 3, 4, 5, 6, 7, 8,
  ])('is found where the same few calls come again and again, as on small records: seed %d', async (seed) => {
    const one = repeated(load(seed, 30, 8, 1.3), 15);
    for (const quality of [0.78, 0.82, 0.86]) {
      const exact = await leastCost(one, quality);
      const found = new FluidBound(one).reaching(quality);
      expect(exact === null, `at ${quality}`).toBe(found === null);
      if (exact !== null && found !== null) expect(Math.abs(found.costUsd / exact - 1)).toBeLessThan(0.04);
    }
  });

  test('of one core is what all calls cost there', () => {
    const one = load(7, 50, 1, 1.1);
    const all = one.predicted.costUsd.reduce((sum, usd) => sum + usd, 0);
    expect(new FluidBound(one).at(0.001)?.costUsd).toBeCloseTo(all, 9);
  });

  test('has no value for what no division reaches, or where the calls do not fit', () => {
    expect(new FluidBound(load(1, 200, 4, 1.2)).reaching(0.99)).toBeNull();
    expect(new FluidBound(load(1, 200, 4, 0.8)).reaching(0.5)).toBeNull();
  });

  test('fills the time that is really taken: answers twice as long cost as much as half the time', async () => {
    const half = load(5, 400, 5, 1.2);
    const long = load(5, 400, 5, 2.4, 2);
    const [a, b] = [half, long].map((one) => new FluidBound(one).reaching(0.7)?.costUsd ?? Number.NaN);
    expect(Math.abs((b as number) / (a as number) - 1)).toBeLessThan(0.01);
  });

  test('costs more for a higher quality, and what it finds does not depend on what was asked before', () => {
    const one = load(6, 300, 4, 1.3);
    const bound = new FluidBound(one);
    const costs = [0.62, 0.65, 0.68, 0.7].map((quality) => bound.reaching(quality)?.costUsd ?? Number.NaN);
    expect(costs).toEqual(costs.toSorted((a, b) => a - b));
    const alone = new FluidBound(one).reaching(0.7)?.costUsd ?? Number.NaN;
    expect(Math.abs(alone / (costs[3] as number) - 1)).toBeLessThan(0.01);
  });
});
