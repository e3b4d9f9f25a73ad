import { expect, test } from 'vitest';
import { WaitPrice } from '../../../../schedulers/eccos/policy/wait-price.js';

test('a number is dollars an hour, whatever answers cost', () => {
  const price = new WaitPrice(3600);
  price.learn(5, 1000);
  expect(price.perSecond).toBe(1);
});

test('auto is twice what a second of answering costs, and unknown before the first answer', () => {
  const price = new WaitPrice('auto');
  expect(price.perSecond).toBeUndefined();
  price.learn(0.02, 1000);
  price.learn(0.04, 5000);
  expect(price.perSecond).toBeCloseTo(0.02, 12);
  for (let n = 0; n < 10_000; n++) price.learn(0.001, 1000);
  expect(price.perSecond).toBeCloseTo(0.002, 4);
});

test('never stays unknown', () => {
  const price = new WaitPrice('never');
  price.learn(1, 1000);
  expect(price.perSecond).toBeUndefined();
});
