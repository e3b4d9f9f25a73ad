import { expect, test } from 'vitest';
import { SecondPrices, type Traffic } from '../../../../schedulers/eccos/policy/second-prices.js';
import { coreOf } from '../../../support/scheduling.js';

/** 100 calls of a second each: the first half gains nothing by the good core, the other half .012 to .6. */
const N = 100;
const QUALITY = Float64Array.from({ length: 2 * N }, (_, cell) => {
  const gain = Math.max(0, (Math.floor(cell / 2) - 49) / 50) * 0.6;
  return 0.3 + (cell % 2 === 1 ? gain : 0);
});
const TRAFFIC: Traffic = {
  n: N,
  m: 2,
  quality: QUALITY,
  costUsd: new Float64Array(2 * N).fill(0.001),
  seconds: new Float64Array(2 * N).fill(1),
  spanMs: 5000,
  lambdas: new Array<number>(N).fill(1),
  unknown: 0,
};
const CAPS = [50, 4];

const cores = (running: number) => ['plain', 'good'].map((id, j) => ({ ...coreOf(id, { cap: CAPS[j]! }), running }));

function priced(more: Partial<Traffic> = {}): SecondPrices {
  const prices = new SecondPrices();
  for (let n = 0; n < 10; n++) {
    prices.learn({ ...TRAFFIC, ...more }, cores(4), 32 * n);
    for (let tick = 0; tick < 100 && !prices.advance(); tick++);
  }
  return prices;
}

test('a core that more calls want than it has time for has a price: what the last one that gets it gains', () => {
  // 19 of the 50 that gain by it: those that gain .384 or more.
  const [plain, good] = priced().of(cores(4)) as unknown as [number, number];
  expect(plain).toBe(0);
  expect(good).toBeGreaterThan(0.34);
  expect(good).toBeLessThan(0.42);
});

test('who takes half the time pays half: then twice as many get it, and the price falls', () => {
  const seconds = Float64Array.from({ length: 2 * N }, () => 0.5);
  const good = priced({ seconds }).of(cores(4))[1]! * 0.5;
  expect(good).toBeGreaterThan(0.1);
  expect(good).toBeLessThan(0.2);
});

test('a core that can serve all who want it has none, nor has one whose times are not known', () => {
  expect([...priced({ spanMs: 20_000 }).of(cores(4))]).toEqual([0, 0]);
  expect([...priced({ seconds: new Float64Array(2 * N) }).of(cores(4))]).toEqual([0, 0]);
  expect([...new SecondPrices().of(cores(4))]).toEqual([0, 0]);
  expect([...priced({ spanMs: 0 }).of(cores(4))]).toEqual([0, 0]);
});

test('calls that come faster than all cores can serve are priced as if these had the time', () => {
  const all = priced({ spanMs: 1 }).of(cores(4));
  expect(all.every(Number.isFinite)).toBe(true);
  expect(all[1]).toBeGreaterThan(all[0]! + 0.3);
});

test('the price of a second grows with the share of its core that is busy', () => {
  const prices = priced();
  const at = (running: number) => prices.of(cores(running))[1]!;
  expect(at(0)).toBe(0);
  expect(at(2)).toBeCloseTo(at(4) / 2, 12);
});

test('a core that may take no more for another reason than its cap is as good as full', () => {
  const [plain, good] = cores(1);
  expect(priced().of([plain!, { ...good!, free: 0 }])[1]).toBeCloseTo(priced().of(cores(4))[1]!, 12);
});

test('it is learnt after 16 calls, again after 16 more, and then every 32', () => {
  const prices = new SecondPrices();
  const due = (seen: number) => [prices.isDue(seen - 1), prices.isDue(seen)];
  expect(due(16)).toEqual([false, true]);
  prices.learn(TRAFFIC, cores(4), 16);
  expect(prices.isDue(32)).toBe(false);
  for (let tick = 0; tick < 100 && !prices.advance(); tick++);
  expect(due(32)).toEqual([false, true]);
  prices.learn(TRAFFIC, cores(4), 64);
  for (let tick = 0; tick < 100 && !prices.advance(); tick++);
  expect(due(96)).toEqual([false, true]);
});

test('many calls on many cores take several ticks, in which the old prices stand', () => {
  const [n, m] = [256, 100];
  const tile = (of: (i: number, j: number) => number) =>
    Float64Array.from({ length: n * m }, (_, cell) => of(Math.floor(cell / m), cell % m));
  const large: Traffic = {
    ...{ n, m, unknown: 0, spanMs: 1000, lambdas: new Array<number>(n).fill(1) },
    quality: tile((i, j) => 0.3 + (0.6 * ((i * 7 + j * 13) % 100)) / 100),
    costUsd: tile((_, j) => 0.0001 * j),
    seconds: tile((i) => 0.5 + (i % 5) / 2),
  };
  const all = Array.from({ length: m }, (_, j) => ({ ...coreOf(`core-${j}`, { cap: 2 }), running: 2 }));
  const prices = new SecondPrices();
  prices.learn(large, all, 16);
  let ticks = 1;
  while (!prices.advance()) {
    expect(Math.max(...prices.of(all))).toBe(0);
    ticks++;
  }
  expect(ticks).toBeGreaterThan(2);
  expect(Math.max(...prices.of(all))).toBeGreaterThan(0);
});

test('what was learnt is taken over by another one', () => {
  const other = new SecondPrices();
  other.restore(priced().learnt);
  expect(other.of(cores(4))).toEqual(priced().of(cores(4)));
  expect([other.isDue(31), other.isDue(32)]).toEqual([false, true]);
});
