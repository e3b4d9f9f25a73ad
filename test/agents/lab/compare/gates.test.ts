import { expect, test } from 'vitest';
import { gatesOf } from '../../../../agents/lab/compare/gates.js';
import type { Point } from '../../../../agents/lab/compare/report.js';

function point(policy: string, setting: number | null, costUsd: number, quality: number): Point {
  return { policy, setting, costUsd, quality, predictedQuality: null };
}

/** Between its points eccos reaches .2 more for each dollar. */
const ECCOS = [point('eccos', 0.5, 1, 0.5), point('eccos', 0.9, 3, 0.9)];

test('at equal cost: how far the line through the points of eccos lies above the rule', () => {
  const gates = gatesOf([...ECCOS, point('per-call', 0.7, 2, 0.6), point('per-call', 0.9, 3, 0.7)]);
  expect(gates.map(({ name, against, at }) => [name, against, at])).toEqual([
    ['B6', 'per-call sweep', 'cost'],
    ['B6', 'per-call:threshold=0.7', 'cost'],
  ]);
  // At 2 dollars .7 instead of .6, at 3 dollars .9 instead of .7.
  expect(gates[0]?.value).toBeCloseTo(15, 9);
  expect(gates[1]?.value).toBeCloseTo(10, 9);
});

test('a setting that another beats is compared as the better of the two', () => {
  const rule = [point('per-call', 0.5, 1, 0.6), point('per-call', 0.7, 2, 0.4)];
  const [sweep, shipped] = gatesOf([...ECCOS, ...rule]);
  // At 1 dollar .5 instead of .6, at 2 dollars .7 instead of .6; the shipped threshold by itself reaches .4.
  expect(sweep?.value).toBeCloseTo(0, 9);
  expect(shipped?.value).toBeCloseTo(30, 9);
});

test('settings out of the range of eccos do not count', () => {
  const [sweep] = gatesOf([...ECCOS, point('per-call-16nn', 0.7, 2, 0.6), point('per-call-16nn', 0.8, 9, 0.95)]);
  expect(sweep?.value).toBeCloseTo(10, 9);
});

test('at equal quality: the share of the cost that eccos does without', () => {
  const gates = gatesOf([
    ...ECCOS,
    point('per-call-load', 0.7, 4, 0.7),
    point('per-call-load', 1, 8, 0.9),
    point('round-robin', null, 4, 0.7),
    point('least-loaded', null, 4, 0.95),
    point('cheapest-free', null, 1, 0.4),
  ]);
  const values = gates.map(({ name, against, value }) => [name, against, value && Number(value.toFixed(9))]);
  expect(values).toEqual([
    ['C1', 'per-call-load sweep', (0.5 + 0.625) / 2],
    ['C1', 'per-call-load:threshold=0.7', 0.5],
    ['C2', 'round-robin', 0.5],
    ['C2', 'least-loaded', null],
    ['C2', 'cheapest-free', null],
  ]);
});
