import { expect, test } from 'vitest';
import { Recalibration } from '../../../../schedulers/eccos/policy/recalibration.js';
import { uniform } from '../../../../schedulers/uniform.js';

const sigmoid = (logit: number) => 1 / (1 + Math.exp(-logit));

/** Learns from answers whose true logit is a function of the predicted one. */
function learn(recalibration: Recalibration, truth: (logit: number) => number, answers: number, core = 'a', seed = 1) {
  const draw = uniform(seed);
  for (let n = 0; n < answers; n++) {
    const logit = 4 * draw() - 2;
    recalibration.learn(core, logit, draw() < sigmoid(truth(logit)) ? 1 : 0);
  }
}

function qualityOf(recalibration: Recalibration, core: string, logit: number): number {
  return recalibration.believed([core])(0, logit);
}

test('a predictor that is right keeps its word', () => {
  const recalibration = new Recalibration();
  learn(recalibration, (logit) => logit, 2000);
  expect(recalibration.weight).toBeLessThan(0.05);
  expect(qualityOf(recalibration, 'a', 1)).toBeCloseTo(sigmoid(1), 2);
});

test.each<[string, (logit: number) => number]>([
  ['inverted', (logit) => -logit],
  ['of no use', () => 0.8],
  ['much too high', (logit) => logit - 2],
])('a predictor that is %s is corrected', (_, truth) => {
  const recalibration = new Recalibration();
  learn(recalibration, truth, 600);
  expect(recalibration.weight).toBeGreaterThan(0.95);
  for (const logit of [-1, 0, 1]) {
    expect(Math.abs(qualityOf(recalibration, 'a', logit) - sigmoid(truth(logit)))).toBeLessThan(0.08);
  }
});

test('what one core shows holds for a core without answers, until that has its own', () => {
  const recalibration = new Recalibration();
  learn(recalibration, (logit) => -logit, 400);
  expect(qualityOf(recalibration, 'b', 1.5)).toBeLessThan(0.4);
  for (let n = 0; n < 40; n++) {
    learn(recalibration, (logit) => logit, 10, 'b', 2 * n);
    learn(recalibration, (logit) => -logit, 10, 'a', 2 * n + 1);
  }
  expect(qualityOf(recalibration, 'b', 1.5)).toBeGreaterThan(0.6);
  expect(qualityOf(recalibration, 'a', 1.5)).toBeLessThan(0.5);
});

test('a predictor that has got better is believed again', () => {
  const recalibration = new Recalibration();
  learn(recalibration, (logit) => logit - 2, 300);
  learn(recalibration, (logit) => logit, 1500, 'a', 2);
  expect(Math.abs(qualityOf(recalibration, 'a', 1) - sigmoid(1))).toBeLessThan(0.06);
});
