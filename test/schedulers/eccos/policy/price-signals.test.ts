import { describe, expect, test } from 'vitest';
import { easeOf, QualityMargin, UsualEase } from '../../../../schedulers/eccos/policy/price-signals.js';

test('the ease of a call is its mean quality over the cores that are known', () => {
  const quality = Float64Array.of(0.1, 0.2, 0.5, Number.NaN, 0.5, 0.7, Number.NaN, Number.NaN, Number.NaN);
  expect(easeOf(quality, 1, 3)).toBeCloseTo(0.6, 12);
  expect(easeOf(quality, 2, 3)).toBe(0);
});

describe('usual ease', () => {
  test('is the mean, and follows when calls get harder', () => {
    const usual = new UsualEase();
    for (let i = 0; i < 100; i++) usual.add(i % 2);
    expect(usual.mean).toBeCloseTo(0.5, 12);
    for (let i = 0; i < 3000; i++) usual.add(0.1);
    expect(usual.mean).toBeCloseTo(0.1, 2);
  });

  test('is in doubt by one and a half standard errors while few calls are known, and not at all once 512 are', () => {
    const usual = new UsualEase();
    expect(usual.doubt).toBe(0);
    for (let i = 0; i < 64; i++) usual.add(i % 2);
    expect(usual.doubt).toBeCloseTo(1.5 * 0.5 * (1 / 8 - 1 / Math.sqrt(512)), 12);
    for (let i = 64; i < 512; i++) usual.add(i % 2);
    expect(usual.doubt).toBe(0);
  });

  test('is in no doubt where all calls are the same', () => {
    const { doubt } = UsualEase.of({
      n: 2,
      m: 2,
      quality: Float64Array.of(0.2, 0.4, 0.2, 0.4),
    });
    expect(doubt).toBeCloseTo(0, 9);
  });
});

/** Answers of calls that were placed with this prediction. */
function answer(margin: QualityMargin, quality: number, predicted: number, answers: number) {
  for (let n = 0; n < answers; n++) {
    margin.placed(1, predicted, 0.7);
    margin.rated({ quality, predicted, weight: 1, before: undefined });
  }
}

test('the margin makes up for what calls owe, within 384 calls', () => {
  const margin = new QualityMargin(0, [-0.1, 0.15]);
  margin.placed(64, 64 * 0.6, 0.7);
  expect(margin.value).toBeCloseTo((64 * 0.1) / 384, 9);
  // As bad as predicted: nothing new.
  for (let n = 0; n < 64; n++) margin.rated({ quality: 0.6, predicted: 0.6, weight: 1, before: undefined });
  expect(margin.value).toBeCloseTo((64 * 0.1) / 384, 9);
  answer(margin, 0.8, 0.8, 64);
  expect(margin.value).toBeCloseTo(0, 9);
});

test('and aims above alpha by how far predictions are too high, without owing anything for it', () => {
  const margin = new QualityMargin(0.01, [-0.1, 0.15]);
  answer(margin, 0.7, 0.75, 4096);
  expect(margin.value).toBeCloseTo(0.05, 2);
});

test('it stays within its bounds, says when it would have to pass them, and comes back soon', () => {
  const margin = new QualityMargin(0.01, [-0.05, 0.15]);
  answer(margin, 0, 0.7, 500);
  expect(margin.value).toBeCloseTo(0.16, 9);
  expect(margin.isExhausted).toBe(true);
  answer(margin, 1, 1, 64);
  expect(margin.isExhausted).toBe(false);
  answer(margin, 1, 1, 640);
  expect(margin.value).toBeCloseTo(-0.04, 9);
});
