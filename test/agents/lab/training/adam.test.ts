import { expect, test } from 'vitest';
import { Adam } from '../../../../agents/lab/training/adam.js';

test('two steps by hand', () => {
  const weights = Float64Array.of(1, -2);
  const adam = new Adam(weights, { rate: 0.1, decay: 0 });
  adam.step(Float64Array.of(0.5, -4));
  // Bias-corrected mean g and variance g^2: one rate against the sign.
  expect(weights[0]).toBeCloseTo(0.9, 7);
  expect(weights[1]).toBeCloseTo(-1.9, 7);
  adam.step(Float64Array.of(-0.5, -4));
  // m = (.9 x .05 - .05) / .19, v = (.999 x .00025 + .00025) / .001999.
  const [m, v] = [(0.9 * 0.05 - 0.05) / (1 - 0.81), (0.999 * 0.00025 + 0.00025) / (1 - 0.998001)];
  expect(weights[0]).toBeCloseTo(0.9 - (0.1 * m) / Math.sqrt(v), 7);
  expect(weights[1]).toBeCloseTo(-1.8, 7);
});

test('decay shrinks a weight by rate x decay a step, apart from the gradient', () => {
  const weights = Float64Array.of(1, 1);
  const adam = new Adam(weights, { rate: 0.1, decay: 0.5 });
  adam.step(Float64Array.of(0, 1));
  expect(weights[0]).toBeCloseTo(0.95, 12);
  expect(weights[1]).toBeCloseTo(0.85, 7);
});

test('it comes to the least of a bowl', () => {
  const weights = Float64Array.of(4, -3);
  const adam = new Adam(weights, { rate: 0.05, decay: 0 });
  for (let n = 0; n < 800; n++) adam.step(Float64Array.of(2 * (weights[0] as number) - 2, 20 * (weights[1] as number)));
  expect(weights[0]).toBeCloseTo(1, 3);
  expect(weights[1]).toBeCloseTo(0, 3);
});
