import { expect, test } from 'vitest';
import { QualityMargin } from '../../../../schedulers/eccos/policy/quality-margin.js';

function judge(margin: QualityMargin, quality: number, answers: number) {
  for (let n = 0; n < answers; n++) margin.judged(quality, 0.7);
}

test('moves by a fifth of the miss of each whole batch of 64, within its bounds', () => {
  const margin = new QualityMargin(0.01, [-0.05, 0.15]);
  judge(margin, 0.5, 63);
  expect(margin.value).toBe(0.01);
  judge(margin, 0.5, 1);
  expect(margin.value).toBeCloseTo(0.05, 9);
  judge(margin, 0, 64);
  expect(margin.value).toBeCloseTo(0.16, 9);
  expect(margin.isExhausted).toBe(true);
  judge(margin, 1, 64);
  expect(margin.value).toBeCloseTo(0.1, 9);
  expect(margin.isExhausted).toBe(false);
  judge(margin, 1, 640);
  expect(margin.value).toBeCloseTo(-0.04, 9);
});
