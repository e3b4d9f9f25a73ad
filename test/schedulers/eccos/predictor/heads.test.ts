import { expect, test } from 'vitest';
import { scaleOf, standardise } from '../../../../schedulers/eccos/predictor/heads.js';

test('mean and deviation of each feature, to six digits', () => {
  const { mean, deviation } = scaleOf([Float32Array.of(1, 7, 0), Float32Array.of(3, 7, 1), Float32Array.of(5, 7, 1)]);
  expect(mean).toEqual([3, 7, 0.666667]);
  expect(deviation).toEqual([1.63299, 0, 0.471405]);
});

test('standardised features are clipped at 5, and one that was constant is 0', () => {
  const scale = { mean: [3, 7, 0], deviation: [2, 0, 0.1] };
  const rows = [Float32Array.of(5, 9, 0.25), Float32Array.of(-100, 7, 100)];
  expect([...standardise(rows, scale)]).toEqual([1, 0, 2.5, -5, 0, 5]);
  expect([...standardise([], scale)]).toEqual([]);
});
