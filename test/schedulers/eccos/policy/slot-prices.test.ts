import { expect, test } from 'vitest';
import { ServiceTimes } from '../../../../schedulers/eccos/policy/service-times.js';
import { SlotPrices } from '../../../../schedulers/eccos/policy/slot-prices.js';
import { coreOf } from '../../../support/scheduling.js';

/** 100 calls: the first half gains nothing by the good core, the other half .1 to .6. */
const N = 100;
const QUALITY = Float64Array.from({ length: 2 * N }, (_, cell) => {
  const gain = Math.max(0, (Math.floor(cell / 2) - 49) / 50) * 0.6;
  return 0.3 + (cell % 2 === 1 ? gain : 0);
});
const SAMPLE = { n: N, m: 2, quality: QUALITY, costUsd: new Float64Array(2 * N).fill(0.001) };
const CAPS = [50, 4];

const cores = (running: number) => ['plain', 'good'].map((id, j) => ({ ...coreOf(id, { cap: CAPS[j]! }), running }));

function times(ms: number): ServiceTimes {
  const known = new ServiceTimes();
  for (let n = 0; n < 10; n++) for (const id of ['plain', 'good']) known.learn(id, ms / 10, 0.9 * ms, 50);
  return known;
}

function priced(spanMs: number, known: ServiceTimes, looks = 30): SlotPrices {
  const prices = new SlotPrices();
  for (let n = 0; n < looks; n++) prices.learn({ sample: SAMPLE, spanMs, lambda: 1 }, cores(4), known, 64 * n);
  return prices;
}

test('a core that more calls want than it can serve has a price: what the last one that gets it gains', () => {
  // 20 of the 50 that gain by it: those that gain .372 or more.
  const [plain, good] = priced(5000, times(1000)).of(cores(4)) as unknown as [number, number];
  expect(plain).toBe(0);
  expect(good).toBeGreaterThanOrEqual(0.36 - 1e-6);
  expect(good).toBeLessThanOrEqual(0.372 + 1e-6);
});

test('a core that can serve all who want it has none, nor has one whose times are not known', () => {
  expect([...priced(20_000, times(1000)).of(cores(4))]).toEqual([0, 0]);
  expect([...priced(5000, new ServiceTimes()).of(cores(4))]).toEqual([0, 0]);
  expect([...new SlotPrices().of(cores(4))]).toEqual([0, 0]);
});

test('calls that come faster than all cores can serve are priced as if these had the time', () => {
  const all = priced(1, times(1000)).of(cores(4));
  expect(all.every(Number.isFinite)).toBe(true);
  expect(all[1]).toBeGreaterThan(all[0]! + 0.3);
});

test('the price of a slot grows with the share of its core that is busy', () => {
  const prices = priced(5000, times(1000));
  const at = (running: number) => prices.of(cores(running))[1]!;
  expect(at(0)).toBe(0);
  expect(at(2)).toBeCloseTo(at(4) / 2, 12);
});

test('it is learnt again after 64 more calls, half of the way', () => {
  const prices = new SlotPrices();
  expect([prices.isDue(63), prices.isDue(64)]).toEqual([false, true]);
  prices.learn({ sample: SAMPLE, spanMs: 5000, lambda: 1 }, cores(4), times(1000), 64);
  const first = prices.of(cores(4))[1]!;
  expect([prices.isDue(127), prices.isDue(128)]).toEqual([false, true]);
  prices.learn({ sample: SAMPLE, spanMs: 5000, lambda: 1 }, cores(4), times(1000), 128);
  expect(prices.of(cores(4))[1]).toBeCloseTo(1.5 * first, 9);
});

test('a core that may take no more for another reason than its cap is as good as full', () => {
  const prices = priced(5000, times(1000));
  const [plain, good] = cores(1);
  expect(prices.of([plain!, { ...good!, free: 0 }])[1]).toBeCloseTo(prices.of(cores(4))[1]!, 12);
});
