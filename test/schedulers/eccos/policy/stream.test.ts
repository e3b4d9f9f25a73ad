import { describe, expect, test } from 'vitest';
import { eccosParameters, eccosPolicy } from '../../../../schedulers/eccos/policy/parameters.js';
import { play, Stream, type Wrongness } from '../../../support/policy-stream.js';

const CALLS = 3000;

async function run(wrongness: Wrongness, alpha: number, seed: number, load: { arrivals: number; rated?: number }) {
  const stream = new Stream(seed, CALLS);
  const policy = eccosPolicy(eccosParameters.parse({ alpha: String(alpha) }), stream.predictor(wrongness));
  return { ran: await play(policy, stream, { seed, ...load }), policy };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

const BUSY = { arrivals: 6 };
const QUIET = { arrivals: 2 };

describe.each([
  ['noisy', BUSY],
  ['noisy', QUIET],
  ['optimistic', BUSY],
  ['optimistic', QUIET],
] as const)('with a predictor that is %s, %o', (wrongness, load) => {
  test.each([
    [0.7, 1],
    [0.76, 2],
  ])('realised quality over 3,000 calls is within a point of alpha %f', async (alpha, seed) => {
    const { ran, policy } = await run(wrongness, alpha, seed, load);
    expect(Math.abs(mean(ran.scores) - alpha)).toBeLessThan(0.01);
    expect(policy.state.infeasible).toBe(false);
    expect(ran).toMatchObject({ capViolations: 0, unanswered: 0 });
  });
});

test('with feedback on three answers in ten it still comes near', async () => {
  const misses = [];
  for (const seed of [1, 2, 3, 4]) {
    const { ran } = await run('optimistic', 0.7, seed, { arrivals: 6, rated: 0.3 });
    misses.push(mean(ran.scores) - 0.7);
  }
  expect(Math.abs(mean(misses))).toBeLessThan(0.02);
});

/** Standard error of the mean of 1,000 answers. */
const CHANCE = 0.015;

describe.each(['random', 'constant', 'inverted'] as const)('with a predictor that is %s', (wrongness) => {
  test.each([
    BUSY,
    QUIET,
  ])('the last 1,000 answers are within 3 points of alpha, or it is said that they cannot, %o', async (load) => {
    const misses: number[] = [];
    for (const [alpha, seed] of [
      [0.7, 1],
      [0.7, 2],
      [0.76, 3],
    ] as const) {
      const { ran, policy } = await run(wrongness, alpha, seed, load);
      const miss = alpha - mean(ran.scores.slice(-1000));
      if (!policy.state.infeasible) {
        expect(Math.abs(miss), `alpha ${alpha}, seed ${seed}`).toBeLessThan(0.03 + CHANCE);
        misses.push(miss);
        expect(policy.recalibrated).toBeGreaterThan(0.9);
      } else expect(miss, `alpha ${alpha}, seed ${seed}`).toBeGreaterThan(-CHANCE);
      expect(ran).toMatchObject({ capViolations: 0, unanswered: 0 });
    }
    if (misses.length > 0) expect(Math.abs(mean(misses))).toBeLessThan(0.03);
  });
});

test('a predictor that is right is left alone', async () => {
  const { policy } = await run('calibrated', 0.7, 1, BUSY);
  expect(policy.recalibrated).toBeLessThan(0.1);
});

test('quality that no core reaches is reported, and every call is served all the same', async () => {
  const { ran, policy } = await run('calibrated', 0.95, 1, QUIET);
  expect(policy.state.infeasible).toBe(true);
  expect(ran).toMatchObject({ capViolations: 0, unanswered: 0 });
});

test('at equal quality it costs less than half of taking every core in turn', async () => {
  const stream = new Stream(1, CALLS);
  const turns = mean(stream.truths.map(({ costUsd }) => mean(costUsd)));
  const quality = mean(stream.truths.map(({ score }) => mean(score)));
  const policy = eccosPolicy(eccosParameters.parse({ alpha: quality.toFixed(4) }), stream.predictor('calibrated'));
  const ran = await play(policy, stream, { arrivals: 4 });
  expect(mean(ran.scores)).toBeGreaterThan(quality - 0.01);
  expect(ran.costUsd / CALLS).toBeLessThan(turns / 2);
});

test('a budget is kept, and a larger one buys better answers', async () => {
  const spend = async (budgetPerHour: number, calls = 6000) => {
    const stream = new Stream(1, calls);
    const policy = eccosPolicy(
      eccosParameters.parse({ budgetPerHour: String(budgetPerHour) }),
      stream.predictor('calibrated'),
    );
    const ran = await play(policy, stream, { arrivals: 4, tickMs: 2000 });
    return { quality: mean(ran.scores), perHour: ran.costUsd / ((ran.lambdas.length * 2000) / 3_600_000), policy };
  };
  const [poor, rich] = [await spend(3), await spend(10)];
  expect(poor.perHour / 3).toBeCloseTo(1, 1);
  expect(rich.perHour / 10).toBeCloseTo(1, 1);
  expect(rich.quality).toBeGreaterThan(poor.quality + 0.03);
  const broke = await spend(0.01, 1000);
  expect(broke.policy.state.infeasible).toBe(true);
});

test('the same seed gives the same decisions', async () => {
  const [a, b] = [await run('noisy', 0.7, 1, BUSY), await run('noisy', 0.7, 1, BUSY)];
  expect(a.ran.cores).toEqual(b.ran.cores);
  expect(a.ran.lambdas).toEqual(b.ran.lambdas);
});
