import { expect, test } from 'vitest';
import { type FluidProblem, FluidSolve, fluidPrices } from '../../../../schedulers/eccos/assign/fluid-prices.js';
import { uniform } from '../../../../schedulers/uniform.js';

/** Weak duality: no way to place the calls in time costs less than this, at any prices of 0 or more. */
function boundOf({ n, m, net, seconds, capacity }: FluidProblem, prices: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < n; i++) {
    let least = Infinity;
    for (let cell = i * m; cell < i * m + m; cell++) {
      const cost = net[cell]! + prices[cell - i * m]! * seconds[cell]!;
      if (cost < least) least = cost;
    }
    sum += least;
  }
  return capacity.reduce((rest, slots, j) => rest - prices[j]! * slots, sum);
}

/** Calls of all lengths; better cores cost more and have less time. */
function drawProblem(seed: number, n: number, m: number, share: number): FluidProblem {
  const draw = uniform(seed);
  const net = new Float64Array(n * m);
  const seconds = new Float64Array(n * m);
  for (let i = 0; i < n; i++) {
    const length = -Math.log(1 - draw());
    for (let j = 0; j < m; j++) {
      net[i * m + j] = draw() < 0.05 ? Number.NaN : 0.001 * j * length - 0.004 * draw();
      seconds[i * m + j] = (0.2 + length) * (0.5 + draw());
    }
  }
  const capacity = Array.from({ length: m }, (_, j) => (share * n * (m - j)) / (m * (m + 1) * 0.5));
  return { n, m, net, seconds, capacity };
}

test('a core that more calls want than it has time for is priced by the last one that gets it', () => {
  // Ten calls of a second each that gain .1 to 1 on the good core, which has 4.5 seconds.
  const net = Float64Array.from({ length: 20 }, (_, cell) => (cell % 2 === 0 ? 0 : -0.1 * (1 + Math.floor(cell / 2))));
  const problem = { n: 10, m: 2, net, seconds: new Float64Array(20).fill(1), capacity: [100, 4.5] };
  const [plain, good] = fluidPrices(problem);
  expect(plain).toBe(0);
  expect(good).toBeGreaterThan(0.5);
  expect(good).toBeLessThan(0.7);
});

test('time that nobody is short of costs nothing, and without calls or differences nothing does', () => {
  const roomy = drawProblem(1, 100, 4, 20);
  expect([...fluidPrices(roomy)]).toEqual([0, 0, 0, 0]);
  expect([...fluidPrices({ ...roomy, n: 0 })]).toEqual([0, 0, 0, 0]);
  expect([...fluidPrices({ ...roomy, net: new Float64Array(400).fill(3) })]).toEqual([0, 0, 0, 0]);
});

test('the prices stay finite where there is too little time for all', () => {
  const prices = fluidPrices(drawProblem(2, 200, 4, 0.5));
  expect([...prices].every((price) => Number.isFinite(price) && price >= 0)).toBe(true);
});

test.each([1, 2, 3])('the bound at the prices is within 2 %% of the optimum: 512 calls, 12 cores, seed %i', (seed) => {
  const problem = drawProblem(seed, 512, 12, 1.3);
  const prices = fluidPrices(problem);
  // Coordinate ascent from there, which can only raise the bound, towards the optimum by strong duality.
  const best = Float64Array.from(prices);
  let bound = boundOf(problem, best);
  for (let round = 0; round < 40; round++) {
    for (let j = 0; j < problem.m; j++) {
      for (const factor of [0.5, 0.9, 0.97, 1.03, 1.1, 2]) {
        const before = best[j]!;
        best[j] = before === 0 ? 1e-4 * factor : before * factor;
        const next = boundOf(problem, best);
        if (next > bound) bound = next;
        else best[j] = before;
      }
    }
  }
  const free = boundOf(problem, new Float64Array(problem.m));
  const found = boundOf(problem, prices);
  expect(found).toBeGreaterThan(free);
  // By how much the lack of time adds to the cost, to 2 %.
  expect((found - free) / (bound - free)).toBeGreaterThan(0.98);
});

test('a start at the prices of a similar problem ends at the same prices', () => {
  const problem = drawProblem(5, 256, 6, 1.2);
  const cold = fluidPrices(problem);
  const warm = fluidPrices({ ...problem, warm: cold.map((price) => 1.1 * price) });
  for (const [j, price] of warm.entries()) expect(Math.abs(price - cold[j]!)).toBeLessThan(0.02 * Math.max(...cold));
});

test('a solve in pieces finds the same prices to the bit', () => {
  const first = drawProblem(3, 200, 6, 0.8);
  for (const warm of [undefined, fluidPrices(first)]) {
    const problem = { ...drawProblem(4, 200, 6, 0.7), warm };
    const solve = new FluidSolve(problem);
    let pieces = 1;
    let prices = solve.advance(3);
    for (; prices === undefined; pieces++) prices = solve.advance(3);
    expect(prices).toEqual(fluidPrices(problem));
    expect(pieces).toBeGreaterThan(2);
  }
});
