import { expect, test } from 'vitest';
import { VirtualClock } from '../../../kernel/clock.js';
import { RequestRates } from '../../../kernel/doors/request-rates.js';
import { LOCAL } from '../../../kernel/process/principal.js';
import { LIMITS } from '../../support/kernel.js';

const limits = () => ({ ...LIMITS, requestsPerSecond: 10, tokenRequestsPerSecond: 25 });

test('a token has one burst over all its connections, and other tokens have their own', () => {
  const rates = new RequestRates(new VirtualClock(), limits);
  const taken = (owner: string) => {
    const rate = rates.of({ ...LOCAL, name: owner });
    let count = 0;
    while (rate.take() === 0) count++;
    return count;
  };
  expect([taken('a'), taken('a'), taken('a'), taken('a')]).toEqual([10, 10, 5, 0]);
  expect(taken('b')).toBe(10);
  const local = Array.from({ length: 9 }, () => rates.of(LOCAL));
  expect(local.map((rate) => rate.take())).toEqual(local.map(() => 0));
});

test('a listing counts as a request for every ten entries', () => {
  const clock = new VirtualClock();
  const rate = new RequestRates(clock, limits).of(LOCAL);
  expect(rate.take()).toBe(0);
  rate.listed(9);
  expect(rate.take()).toBe(0);
  rate.listed(200);
  expect(rate.take()).toBe(1300);
  clock.compute(1300);
  expect(rate.take()).toBe(0);
});
