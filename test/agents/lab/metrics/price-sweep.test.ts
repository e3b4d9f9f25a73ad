import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Envelope } from '../../../../agents/lab/metrics/envelope.js';
import {
  answeredByAll,
  type Outcomes,
  onceEach,
  oraclePredictions,
  type Predictions,
} from '../../../../agents/lab/metrics/outcomes.js';
import { priceSweep } from '../../../../agents/lab/metrics/price-sweep.js';
import { outcomesFrom, predictionsFrom, repeated, tables } from './made-outcomes.js';

const UNKNOWN = Number.NaN;
const NOTHING = { cost: [], quality: [] };

function sweep(outcomes: Outcomes, predictions: Predictions, weights = onceEach(outcomes.records)) {
  const { cost, quality } = priceSweep(outcomes, predictions, answeredByAll(outcomes))?.(weights) ?? NOTHING;
  return Array.from(cost, (value, i) => [value, quality[i] as number] as const);
}

test('goes from all on the cheapest to all on the best, one record after the other', () => {
  const outcomes = outcomesFrom(
    [
      [1, 1],
      [0, 1],
      [0, 1],
      [1, 0],
    ],
    new Array(4).fill([1, 3]),
  );
  const predictions = predictionsFrom(
    [
      [0.9, 0.9],
      [0.3, 0.8],
      [0.2, 0.4],
      [0.8, 0.85],
    ],
    new Array(4).fill([1, 3]),
  );
  expect(sweep(outcomes, predictions)).toEqual([
    [1, 0.5],
    [1.5, 0.75],
    [2, 1],
    [2.5, 0.75],
  ]);
});

test('records that change at one price change together', () => {
  const outcomes = outcomesFrom(
    [
      [0, 1],
      [0, 1],
      [0, 1],
    ],
    new Array(3).fill([1, 2]),
  );
  const predictions = predictionsFrom(
    [
      [0, 0.5],
      [0, 0.5],
      [0, 0.25],
    ],
    new Array(3).fill([1, 2]),
  );
  expect(sweep(outcomes, predictions).map(([cost]) => cost)).toEqual([1, 5 / 3, 2]);
});

test('of equal costs the better one is chosen, and of equal models the first', () => {
  const outcomes = outcomesFrom([[0.1, 0.2, 0.3]], [[1, 2, 3]]);
  expect(sweep(outcomes, predictionsFrom([[0.4, 0.5, 0.5]], [[7, 7, 7]]))).toEqual([[2, 0.2]]);
});

test('a model without a prediction is never chosen', () => {
  const outcomes = outcomesFrom([[0.1, 0.2, 0.3]], [[1, 2, 3]]);
  const predictions = predictionsFrom([[UNKNOWN, 0.5, 0.9]], [[1, 2, UNKNOWN]]);
  expect(sweep(outcomes, predictions)).toEqual([[2, 0.2]]);
});

test('without a prediction for a record there is no sweep', () => {
  const outcomes = outcomesFrom([[1], [1]]);
  const predictions = predictionsFrom([[0.5], [UNKNOWN]]);
  expect(priceSweep(outcomes, predictions, answeredByAll(outcomes))).toBeNull();
  expect(priceSweep(outcomes, predictions, Int32Array.of(0))).not.toBeNull();
});

test('a record that a model did not answer is not routed', () => {
  const outcomes = outcomesFrom([
    [0, 1],
    [UNKNOWN, 0],
    [1, UNKNOWN],
  ]);
  expect([...answeredByAll(outcomes)]).toEqual([0]);
});

test('thousands of breakpoints are read at 512 points, the first and the last of them included', () => {
  const rows = Array.from({ length: 2000 }, (_, i) => i);
  const outcomes = outcomesFrom(
    rows.map(() => [0, 1]),
    rows.map(() => [1, 2]),
  );
  const predictions = predictionsFrom(
    rows.map((i) => [0, (i + 1) / 2000]),
    rows.map(() => [1, 2]),
  );
  const points = sweep(outcomes, predictions);
  expect(points.length).toBeLessThanOrEqual(512);
  expect(points.length).toBeGreaterThan(400);
  expect([points[0], points.at(-1)]).toEqual([
    [1, 0],
    [2, 1],
  ]);
});

/** The choice at one price, by its definition. */
function pointAt(price: number, outcomes: Outcomes, { quality, costMean }: Predictions): [number, number] {
  const { records, models, score, costUsd } = outcomes;
  let cost = 0;
  let right = 0;
  for (let i = 0; i < records; i++) {
    const cells = Array.from({ length: models }, (_, j) => i * models + j);
    const value = (cell: number) => (costMean[cell] as number) - price * (quality[cell] as number);
    const best = cells.reduce((least, cell) => (value(cell) < value(least) ? cell : least));
    cost += costUsd[best] as number;
    right += score[best] as number;
  }
  return [cost / records, right / records];
}

test('holds the choice at every price', () => {
  fc.assert(
    fc.property(
      tables({ gaps: false }),
      fc.double({ min: 1e-3, max: 1e4, noNaN: true }),
      ({ score, cost, quality, expected }, price) => {
        const outcomes = outcomesFrom(score, cost);
        // Costs apart by model, so that no price makes two models equal.
        const costs = expected.map((row, i) => row.map((value, j) => value + 0.0123 * j + 0.00017 * i * j));
        const predictions = predictionsFrom(quality, costs);
        const [atCost, atQuality] = pointAt(price, outcomes, predictions);
        const found = sweep(outcomes, predictions).some(
          ([c, q]) => Math.abs(c - atCost) < 1e-9 && Math.abs(q - atQuality) < 1e-9,
        );
        expect(found).toBe(true);
      },
    ),
  );
});

test('one who knows the outcomes ends at the cheapest of the best, and no one is above', () => {
  fc.assert(
    fc.property(tables({ gaps: false }), ({ score, cost, quality, expected }) => {
      const outcomes = outcomesFrom(score, cost);
      const best = score.map((row, i) => {
        const highest = Math.max(...row);
        return {
          highest,
          cost: Math.min(...row.flatMap((value, j) => (value === highest ? [cost[i]?.[j] ?? 0] : []))),
        };
      });
      const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
      const points = sweep(outcomes, oraclePredictions(outcomes));
      expect(points[0]?.[0]).toBeCloseTo(mean(cost.map((row) => Math.min(...row))), 9);
      expect(points.at(-1)?.[0]).toBeCloseTo(mean(best.map((one) => one.cost)), 9);
      expect(points.at(-1)?.[1]).toBeCloseTo(mean(best.map((one) => one.highest)), 9);

      const oracle = new Envelope({
        cost: Float64Array.from(points, ([c]) => c),
        quality: Float64Array.from(points, ([, q]) => q),
      });
      for (const [c, q] of sweep(outcomes, predictionsFrom(quality, expected))) {
        expect(oracle.qualityAt(c) ?? oracle.highest).toBeGreaterThanOrEqual(q - 1e-9);
      }
    }),
  );
});

test('weights are repetitions', () => {
  fc.assert(
    fc.property(tables({ gaps: true }), ({ score, cost, quality, expected, weights }) => {
      const outcomes = outcomesFrom(score, cost);
      const predictions = predictionsFrom(quality, expected);
      fc.pre(answeredByAll(outcomes).some((record) => (weights[record] as number) > 0));
      const more = repeated(outcomes, outcomes.models, weights);
      const weighted = new Set(sweep(outcomes, predictions, weights).map(rounded));
      const expectedPoints = new Set(sweep(more, repeated(predictions, outcomes.models, weights)).map(rounded));
      expect(weighted).toEqual(expectedPoints);
    }),
  );
});

function rounded(point: readonly number[]): string {
  return point.map((value) => (value + 1e-12).toFixed(6)).join(' ');
}
