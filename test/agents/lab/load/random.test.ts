import { describe, expect, test } from 'vitest';
import { bursts, poisson, poissonWithin, spreadSteps } from '../../../../agents/lab/load/arrivals.js';
import { exponential, gamma, logNormal, normal } from '../../../../agents/lab/load/distributions.js';
import { Random } from '../../../../agents/lab/load/random.js';

const COUNT = 100_000;

function moments(draw: (random: Random) => number): { mean: number; sd: number } {
  const random = new Random('moments');
  const values = Array.from({ length: COUNT }, () => draw(random));
  const mean = values.reduce((sum, value) => sum + value, 0) / COUNT;
  return { mean, sd: Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / COUNT) };
}

describe('seeded random', () => {
  test('the same seed gives the same numbers, another seed others', () => {
    const draw = (seed: number) =>
      Array.from(
        { length: 8 },
        (
          (random) => () =>
            random.next()
        )(new Random(seed)),
      );
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
  });

  test('a stream does not depend on what has been drawn elsewhere', () => {
    const early = new Random(7);
    const late = new Random(7);
    for (let i = 0; i < 100; i++) late.next();
    expect(late.stream('arrivals').next()).toBe(early.stream('arrivals').next());
    expect(early.stream('arrivals').next()).not.toBe(early.stream('queries').next());
  });

  test('numbers are uniform: every one of 100 bins is hit about as often', () => {
    const random = new Random('bins');
    const bins = new Array<number>(100).fill(0);
    for (let i = 0; i < COUNT; i++) (bins[random.int(0, 99)] as number)++;
    const chiSquare = bins.reduce((sum, hits) => sum + (hits - COUNT / 100) ** 2 / (COUNT / 100), 0);
    expect(chiSquare).toBeLessThan(148); // 99.9 % point of chi square with 99 degrees of freedom
  });

  test('shuffling keeps every item and picks evenly', () => {
    const items = Array.from({ length: 50 }, (_, i) => i);
    expect(new Random(3).shuffled(items).toSorted((a, b) => a - b)).toEqual(items);
    expect(() => new Random(3).pick([])).toThrow(RangeError);
  });
});

describe('distributions have the right moments', () => {
  test.each([
    { name: 'normal', draw: normal, mean: 0, sd: 1 },
    { name: 'exponential', draw: (random: Random) => exponential(random, 5), mean: 5, sd: 5 },
    {
      name: 'log-normal',
      draw: (random: Random) => logNormal(random, 1, 0.5),
      mean: Math.exp(1.125),
      sd: Math.exp(1.125) * Math.sqrt(Math.exp(0.25) - 1),
    },
    { name: 'gamma, shape under 1', draw: (r: Random) => gamma(r, 0.5, 4), mean: 2, sd: Math.sqrt(0.5) * 4 },
    { name: 'gamma, shape over 1', draw: (r: Random) => gamma(r, 9, 2), mean: 18, sd: 6 },
  ])('$name', ({ draw, mean, sd }) => {
    const found = moments(draw);
    expect(Math.abs(found.mean - mean)).toBeLessThan(0.02 * sd);
    expect(Math.abs(found.sd - sd)).toBeLessThan(0.02 * sd);
  });
});

describe('arrivals', () => {
  const rateOf = (times: readonly number[]) => (1000 * times.length) / (times.at(-1) ?? 0);

  test('Poisson arrivals come at their rate, in order', () => {
    const times = poisson(new Random(1), 20, COUNT);
    expect(rateOf(times)).toBeCloseTo(20, 0);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });

  test('arrivals within a window fill it evenly', () => {
    const times = poissonWithin(new Random(1), 1000, COUNT);
    expect(times.filter((at) => at < 250).length / COUNT).toBeCloseTo(0.25, 2);
    expect(times.at(-1)).toBeLessThan(1000);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });

  test('bursts keep the mean rate and double it while they last', () => {
    const times = bursts(new Random(1), 20, COUNT, { periodMs: 10_000 });
    expect(rateOf(times)).toBeCloseTo(20, 0);
    const inBurst = times.filter((at) => at % 10_000 < 2500).length;
    expect(inBurst / COUNT).toBeCloseTo(0.5, 1);
  });

  test('times in steps are spread inside their step, and start at 0', () => {
    const steps = [0, 0, 0, 3000, 3000, 9000];
    const spread = spreadSteps(new Random(1), steps);
    expect(spread[0]).toBe(0);
    expect(new Set(spread).size).toBe(steps.length);
    expect(Math.abs((spread[3] ?? 0) - 3000)).toBeLessThan(3000);
    expect(spread).toEqual(spread.toSorted((a, b) => a - b));
  });

  test('times of a fine clock stay as they are', () => {
    const times = [0, 4314.579, 4541.877, 4710.427];
    expect(spreadSteps(new Random(1), times)).toEqual(times);
  });
});
