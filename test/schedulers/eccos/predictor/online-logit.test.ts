import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type LogitPrior, OnlineLogit } from '../../../../schedulers/eccos/predictor/online-logit.js';
import { uniform } from '../../../../schedulers/uniform.js';

const PRIOR: LogitPrior = { slope: 1, offset: 0, slopeVariance: 0.25, offsetVariance: 1 };

const sigmoid = (logit: number) => 1 / (1 + Math.exp(-logit));

/** Rated answers of a core whose logit is slope x logit + offset, and base logits from -3 to 3. */
function answers(count: number, slope: number, offset: number, seed: number): [logit: number, quality: number][] {
  const random = uniform(seed);
  return Array.from({ length: count }, () => {
    const logit = 6 * random() - 3;
    return [logit, Number(random() < sigmoid(slope * logit + offset))];
  });
}

function learnt(all: readonly (readonly [number, number])[], prior = PRIOR): OnlineLogit {
  const map = new OnlineLogit(prior);
  for (const [logit, quality] of all) map.learn(logit, quality);
  return map;
}

/** Means and standard deviations of slope and offset over a grid: every pair weighs prior x likelihood. */
function posterior(all: readonly (readonly [number, number])[], { slope, offset, ...prior }: LogitPrior) {
  const cells: { a: number; b: number; log: number }[] = [];
  for (let a = slope - 2; a <= slope + 2; a += 0.02) {
    for (let b = offset - 4; b <= offset + 4; b += 0.04) {
      let log = -((a - slope) ** 2) / (2 * prior.slopeVariance) - (b - offset) ** 2 / (2 * prior.offsetVariance);
      for (const [logit, quality] of all) log -= Math.log1p(Math.exp((quality === 1 ? -1 : 1) * (a * logit + b)));
      cells.push({ a, b, log });
    }
  }
  const most = cells.reduce((max, { log }) => Math.max(max, log), Number.NEGATIVE_INFINITY);
  let sum = 0;
  const moments = { a: 0, b: 0, aa: 0, bb: 0 };
  for (const { a, b, log } of cells) {
    const weight = Math.exp(log - most);
    sum += weight;
    moments.a += weight * a;
    moments.b += weight * b;
    moments.aa += weight * a * a;
    moments.bb += weight * b * b;
  }
  const [meanA, meanB] = [moments.a / sum, moments.b / sum];
  return {
    slope: meanA,
    offset: meanB,
    slopeDeviation: Math.sqrt(moments.aa / sum - meanA ** 2),
    offsetDeviation: Math.sqrt(moments.bb / sum - meanB ** 2),
  };
}

describe('what it learns', () => {
  test('nothing learnt: the logit as the prior maps it', () => {
    const map = new OnlineLogit({ ...PRIOR, slope: 0.5, offset: 2 });
    expect([map.at(-4), map.at(0), map.learnt]).toEqual([0, 2, 0]);
  });

  test('one step by hand: gain = variance x surprise / (1 + curvature x variance)', () => {
    const map = new OnlineLogit(PRIOR);
    map.learn(0, 1);
    // Expected .5, curvature .25: the offset moves by 1 x .5 / (1 + .25 x 1), and its variance falls by .25 / 1.25.
    expect(map.state[1]).toBeCloseTo(0.4, 12);
    expect(map.state[4]).toBeCloseTo(0.8, 12);
    expect([map.state[0], map.state[2], map.state[3], map.learnt]).toEqual([1, 0.25, 0, 1]);
  });

  test.each([
    [20, 1.3, -0.8],
    [20, 0.5, 1.5],
    [150, 0.6, 1],
    [150, 1, -2],
  ])('after %i answers of slope %f and offset %f it is near the exact posterior', (count, slope, offset) => {
    for (const seed of [1, 2, 3]) {
      const all = answers(count, slope, offset, seed);
      const exact = posterior(all, PRIOR);
      const [a, b, varianceA, , varianceB] = learnt(all).state;
      expect(Math.abs(a - exact.slope)).toBeLessThan(0.8 * exact.slopeDeviation);
      expect(Math.abs(b - exact.offset)).toBeLessThan(0.8 * exact.offsetDeviation);
      expect(Math.sqrt(varianceA) / exact.slopeDeviation).toBeGreaterThan(0.75);
      expect(Math.sqrt(varianceA) / exact.slopeDeviation).toBeLessThan(1.35);
      expect(Math.sqrt(varianceB) / exact.offsetDeviation).toBeGreaterThan(0.75);
      expect(Math.sqrt(varianceB) / exact.offsetDeviation).toBeLessThan(1.35);
    }
  });

  test.each([
    [1, 0],
    [0.5, 1.5],
    [1.6, -1],
  ])('many answers show slope %f and offset %f', (slope, offset) => {
    const [a, b] = learnt(answers(4000, slope, offset, 9)).state;
    expect(Math.abs(a - slope)).toBeLessThan(0.15);
    expect(Math.abs(b - offset)).toBeLessThan(0.15);
  });

  test('a smaller prior variance holds it nearer to the prior', () => {
    const all = answers(20, 1, -2, 4);
    const held = learnt(all, { ...PRIOR, offsetVariance: 0.05 });
    expect(Math.abs(held.at(0))).toBeLessThan(0.5 * Math.abs(learnt(all).at(0)));
  });
});

describe('its state', () => {
  test('carries all it knows: another one goes on exactly like it', () => {
    const all = answers(60, 0.7, 1, 5);
    const whole = learnt(all);
    const half = OnlineLogit.from(JSON.parse(JSON.stringify(learnt(all.slice(0, 30)).state)));
    for (const [logit, quality] of all.slice(30)) half.learn(logit, quality);
    expect(half.state).toEqual(whole.state);
  });

  test('stays finite, with a covariance that is one, whatever is learnt', () => {
    const lesson = fc.tuple(fc.double({ min: -30, max: 30, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }));
    fc.assert(
      fc.property(fc.array(lesson, { maxLength: 300, size: 'max' }), (all) => {
        const [, , slope, both, offset] = learnt(all).state;
        expect(learnt(all).state.every(Number.isFinite)).toBe(true);
        expect(slope).toBeGreaterThan(0);
        expect(offset).toBeGreaterThan(0);
        expect(both ** 2).toBeLessThanOrEqual(slope * offset * (1 + 1e-6));
      }),
      { numRuns: 200 },
    );
  });

  test('its variances only fall', () => {
    const map = new OnlineLogit(PRIOR);
    let before = map.state;
    for (const [logit, quality] of answers(300, 1, 0.5, 6)) {
      map.learn(logit, quality);
      expect(map.state[2]).toBeLessThanOrEqual(before[2]);
      expect(map.state[4]).toBeLessThanOrEqual(before[4]);
      before = map.state;
    }
  });
});
