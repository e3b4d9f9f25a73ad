import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Envelope } from '../../../../agents/lab/metrics/envelope.js';

const envelope = (points: readonly (readonly [cost: number, quality: number])[]) =>
  new Envelope({
    cost: Float64Array.from(points, ([cost]) => cost),
    quality: Float64Array.from(points, ([, quality]) => quality),
  });
const corners = ({ cost, quality }: Envelope) => Array.from(cost, (value, i) => [value, quality[i]]);

test('drops what is dominated and what mixing beats, and holds the highest quality to the most expensive point', () => {
  const points = [
    [5, 0.6],
    [1, 0.2],
    [2, 0.3],
    [3, 0.6],
    [1, 0.1],
    [4, 0.65],
  ] as const;
  expect(corners(envelope(points))).toEqual([
    [1, 0.2],
    [3, 0.6],
    [4, 0.65],
    [5, 0.65],
  ]);
});

test('interpolates both ways, null outside the range', () => {
  const own = envelope([
    [1, 0.2],
    [3, 0.6],
    [4, 0.6],
  ]);
  expect(own.qualityAt(2)).toBeCloseTo(0.4, 12);
  expect(own.qualityAt(3.5)).toBeCloseTo(0.6, 12);
  expect([own.qualityAt(0.99), own.qualityAt(4.01)]).toEqual([null, null]);
  expect(own.costAt(0.4)).toBeCloseTo(2, 12);
  expect(own.costAt(0.6)).toBeCloseTo(3, 12);
  expect(own.costAt(0.2)).toBe(1);
  expect([own.costAt(0.19), own.costAt(0.61)]).toEqual([null, null]);
});

test('mean quality over a window, part of it beyond the most expensive point', () => {
  const own = envelope([
    [0, 0],
    [2, 1],
  ]);
  expect(own.meanQuality(0, 2)).toBeCloseTo(0.5, 12);
  expect(own.meanQuality(1, 3)).toBeCloseTo((0.75 + 1) / 2, 12);
});

test('one point', () => {
  const own = envelope([[2, 0.5]]);
  expect(corners(own)).toEqual([[2, 0.5]]);
  expect([own.qualityAt(2), own.costAt(0.5), own.costAt(0.6)]).toEqual([0.5, 2, null]);
});

const points = fc.array(fc.tuple(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 20 })), { minLength: 1 });

test('is concave, not decreasing, above every point, and its corners are points', () => {
  fc.assert(
    fc.property(points, (given) => {
      const own = envelope(given);
      const slopes = corners(own)
        .slice(1)
        .map(([cost, quality], i) => {
          const [lastCost, lastQuality] = corners(own)[i] as [number, number];
          return ((quality as number) - lastQuality) / ((cost as number) - lastCost);
        });
      expect(slopes.every((slope, i) => slope >= 0 && slope <= (slopes[i - 1] ?? Infinity))).toBe(true);
      for (const [cost, quality] of given) expect(own.qualityAt(cost) ?? -1).toBeGreaterThanOrEqual(quality - 1e-9);
      const highest = Math.max(...given.map(([, quality]) => quality));
      for (const [cost, quality] of corners(own)) {
        expect(given.some(([c, q]) => q === quality && (c === cost || quality === highest))).toBe(true);
      }
    }),
  );
});

test('cost and quality are each the other turned round', () => {
  fc.assert(
    fc.property(points, fc.double({ min: 0, max: 1, noNaN: true }), (given, share) => {
      const own = envelope(given);
      const quality = own.lowest + share * (own.highest - own.lowest);
      expect(own.qualityAt(own.costAt(quality) as number)).toBeCloseTo(quality, 6);
    }),
  );
});
