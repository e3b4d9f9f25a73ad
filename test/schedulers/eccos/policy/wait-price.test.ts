import { expect, test } from 'vitest';
import { WaitPrice } from '../../../../schedulers/eccos/policy/wait-price.js';

test('a number is dollars an hour, whatever answers cost', () => {
  const price = new WaitPrice(3600);
  price.learn('acme', 5, 1000);
  expect(price.perSecond).toBe(1);
});

test('auto is twice what a second of answering costs, and unknown before the first answer', () => {
  const price = new WaitPrice('auto');
  expect(price.perSecond).toBeUndefined();
  price.learn('acme', 0.02, 1000);
  price.learn('acme', 0.04, 5000);
  expect(price.perSecond).toBeCloseTo(0.02, 12);
  for (let n = 0; n < 10_000; n++) price.learn('acme', 0.001, 1000);
  expect(price.perSecond).toBeCloseTo(0.002, 4);
});

test('never stays unknown', () => {
  const price = new WaitPrice('never');
  price.learn('acme', 1, 1000);
  expect(price.perSecond).toBeUndefined();
});

test('one party that makes its own calls expensive or cheap does not change what the waiting of others costs', () => {
  const price = new WaitPrice('auto');
  for (const party of ['a', 'b', 'c']) price.learn(party, 0.02, 1000);
  const before = price.perSecond;
  for (const costUsd of [100, 0]) {
    for (let n = 0; n < 1000; n++) price.learn(`d/${n}`, costUsd, 1000);
    expect(price.perSecond).toBeCloseTo(before as number, 9);
  }
});
