import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TokenLearner } from '../../../../schedulers/eccos/predictor/token-learner.js';
import { uniform } from '../../../../schedulers/uniform.js';

const PRIOR = { smearing: 1.2, p90Residual: 0.8 };

/** Answers whose log(1 + tokens) is normal about `log + shift`. */
function* answers(log: number, shift: number, deviation: number, seed: number): Generator<number, never> {
  const random = uniform(seed);
  for (;;) {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    yield Math.round(Math.max(0, Math.expm1(log + shift + deviation * normal)));
  }
}

test('nothing learnt: the prior turns a logarithm into a mean and a 90 % quantile', () => {
  const { mean, p90 } = new TokenLearner(PRIOR).at(Math.log(101));
  expect(mean).toBeCloseTo(101 * 1.2 - 1, 9);
  expect(p90).toBeCloseTo(101 * Math.exp(0.8) - 1, 9);
});

test.each([
  [Math.log(200), 0, 0.7],
  [Math.log(200), 1.2, 0.4],
  [Math.log(50), -0.8, 0.9],
])('of answers about log %f + %f with deviation %f it learns mean and quantile', (log, shift, deviation) => {
  const learner = new TokenLearner(PRIOR);
  const draw = answers(log, shift, deviation, 2);
  for (let n = 0; n < 1000; n++) learner.learn(log, draw.next().value);
  const { mean } = learner.at(log);
  let [sum, covered] = [0, 0];
  for (let n = 0; n < 4000; n++) {
    const tokens = draw.next().value;
    sum += tokens;
    covered += Number(tokens <= learner.at(log).p90);
    learner.learn(log, tokens);
  }
  expect((4000 * mean) / sum).toBeGreaterThan(0.85);
  expect((4000 * mean) / sum).toBeLessThan(1.15);
  expect(covered / 4000).toBeGreaterThan(0.88);
  expect(covered / 4000).toBeLessThan(0.92);
  expect(learner.learnt).toBe(5000);
});

test.each([
  20, 60, 200,
])('after %i answers of ten times the expected length it expects that length, and not more', (count) => {
  const learner = new TokenLearner(PRIOR);
  for (let n = 0; n < count; n++) learner.learn(Math.log(101), 1000);
  const { mean, p90 } = learner.at(Math.log(101));
  expect(mean).toBeGreaterThan(600);
  expect(mean).toBeLessThan(1100);
  expect(p90).toBeGreaterThan(mean);
});

test('one giant answer moves it by a limited factor', () => {
  const learner = new TokenLearner(PRIOR);
  const before = learner.at(4).mean;
  learner.learn(4, 4_000_000_000);
  expect(learner.at(4).mean).toBeLessThan(5 * before);
});

test('its state carries all it knows', () => {
  const draw = answers(5, 0.5, 0.6, 3);
  const whole = new TokenLearner(PRIOR);
  for (let n = 0; n < 30; n++) whole.learn(5, draw.next().value);
  const other = TokenLearner.from(JSON.parse(JSON.stringify(whole.state)));
  for (const tokens of [3, 500, 80]) for (const one of [whole, other]) one.learn(5, tokens);
  expect(other.state).toEqual(whole.state);
  expect(other.at(4)).toEqual(whole.at(4));
});

test('counts stay finite and 0 or more, whatever is learnt', () => {
  const lesson = fc.tuple(fc.double({ min: 0, max: 15, noNaN: true }), fc.integer({ min: 0, max: 2 ** 32 - 1 }));
  fc.assert(
    fc.property(
      fc.array(lesson, { maxLength: 200, size: 'max' }),
      fc.double({ min: 0, max: 15, noNaN: true }),
      (all, log) => {
        const learner = new TokenLearner(PRIOR);
        for (const [at, tokens] of all) learner.learn(at, tokens);
        const { mean, p90 } = learner.at(log);
        return [mean, p90].every((tokens) => Number.isFinite(tokens) && tokens >= 0);
      },
    ),
  );
});
