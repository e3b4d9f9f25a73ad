import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Frontier } from '../../../../agents/lab/metrics/envelope.js';
import {
  answeredByAll,
  onceEach,
  oraclePredictions,
  type Predictions,
} from '../../../../agents/lab/metrics/outcomes.js';
import { priceSweep } from '../../../../agents/lab/metrics/price-sweep.js';
import { frontierOf, routingFigures, type Singles, singleModels } from '../../../../agents/lab/metrics/routing.js';
import { outcomesFrom, predictionsFrom, tables } from './made-outcomes.js';

function singlesOf(score: readonly (readonly number[])[], cost: readonly (readonly number[])[]): Singles {
  const outcomes = outcomesFrom(score, cost);
  return singleModels(outcomes, answeredByAll(outcomes))(onceEach(score.length)) as Singles;
}

function frontierBy(
  predictions: Predictions,
  score: readonly (readonly number[])[],
  cost: readonly (readonly number[])[],
): Frontier {
  const outcomes = outcomesFrom(score, cost);
  return priceSweep(outcomes, predictions, answeredByAll(outcomes))?.(onceEach(score.length)) as Frontier;
}

function figuresOf(
  score: readonly (readonly number[])[],
  cost: readonly (readonly number[])[],
  quality: readonly (readonly number[])[],
) {
  return routingFigures(frontierBy(predictionsFrom(quality, cost), score, cost), singlesOf(score, cost));
}

/**
 * Four records, two models at 1 and 3 dollars. Alone they reach .5 and .75. The predictions send records 2, 3 and 4 to
 * the expensive one at prices of 2/.5, 2/.2 and 2/.05: (1, .5), (1.5, .75), (2, 1), (2.5, .75).
 */
const SCORE = [
  [1, 1],
  [0, 1],
  [0, 1],
  [1, 0],
];
const COST = new Array<number[]>(4).fill([1, 3]);
const QUALITY = [
  [0.9, 0.9],
  [0.3, 0.8],
  [0.2, 0.4],
  [0.8, 0.85],
];

test('the example by hand', () => {
  const { savingAt, aiqMinusZero, topQuality, topCost } = figuresOf(SCORE, COST, QUALITY);
  // .75 costs 1.5 instead of 3; .735 and .7125 lie on the line of slope .5 from (1, .5).
  expect(savingAt[0]).toBeCloseTo(1 - 1.5 / 3, 12);
  expect(savingAt[1]).toBeCloseTo(1 - 1.47 / 3, 12);
  expect(savingAt[2]).toBeCloseTo(1 - 1.425 / 3, 12);
  // From 1 to 2 dollars .75 on average, from 2 to 3 all right; mixing the models has .625 on average.
  expect(aiqMinusZero).toBeCloseTo((0.75 + 1) / 2 - 0.625, 12);
  expect([topQuality, topCost]).toEqual([1, 2]);
});

test('single models by hand: the best, the cheapest, and the zero router between them', () => {
  const singles = singlesOf(SCORE, COST);
  expect(singles.best).toEqual({ model: 1, cost: 3, quality: 0.75 });
  expect(singles.cheapest).toEqual({ model: 0, cost: 1, quality: 0.5 });
  const zero = routingFigures(frontierOf(singles.points), singles);
  expect(zero.aiqMinusZero).toBe(0);
  expect(zero.savingAt[0]).toBe(0);
  // .735 is .015/.25 of the way from the expensive model to the cheap one.
  expect(zero.savingAt[1]).toBeCloseTo(((0.015 / 0.25) * 2) / 3, 12);
});

test('a router that is worse than the best single model does not reach its quality', () => {
  const { savingAt } = figuresOf(
    SCORE,
    COST,
    SCORE.map(() => [1, 0]),
  );
  expect(savingAt).toEqual([null, null, null]);
});

test('a router whose cheapest point is expensive is mixed with the cheapest single model', () => {
  // What is expected to be cheap is expensive for half of the records.
  const cost = new Array<number[]>(4).fill([1, 3]);
  const expected = [
    [1, 3],
    [3, 1],
    [3, 1],
    [1, 3],
  ];
  const quality = [
    [0.1, 0.2],
    [0.1, 0.2],
    [0.1, 0.2],
    [0.1, 0.2],
  ];
  const frontier = frontierBy(predictionsFrom(quality, expected), SCORE, cost);
  const { aiqMinusZero } = routingFigures(frontier, singlesOf(SCORE, cost));
  // (2, 1) and (3, .75), so from (1, .5) up to (2, 1) and flat from there.
  expect(Array.from(frontier.cost)).toEqual([2, 3]);
  expect(aiqMinusZero).toBeCloseTo((0.75 + 1) / 2 - 0.625, 12);
});

test.each([
  { name: 'one model', score: [[1], [0]], cost: [[2], [4]], savings: [0, 0, 0], aiq: null },
  { name: 'one record', score: [[0, 1]], cost: [[1, 4]], savings: [0, 0.015, 0.0375], aiq: 0 },
  { name: 'all right', score: [[1, 1]], cost: [[1, 4]], savings: [0, 0, 0], aiq: null },
  { name: 'all wrong', score: [[0, 0]], cost: [[1, 4]], savings: [0, 0, 0], aiq: null },
  { name: 'equal costs', score: [[0, 1]], cost: [[3, 3]], savings: [0, 0, 0], aiq: null },
  { name: 'the best one free', score: [[0, 1]], cost: [[1, 0]], savings: [null, null, null], aiq: null },
])('known outcomes, $name', ({ score, cost, savings, aiq }) => {
  const { savingAt, aiqMinusZero } = figuresOf(score, cost, score);
  expect(savingAt.map((saving) => saving && Number(saving.toFixed(9)))).toEqual(savings);
  expect(aiqMinusZero).toBe(aiq);
});

test('a free cheap model saves everything where it is enough', () => {
  const { savingAt } = figuresOf(
    [
      [1, 1],
      [0, 1],
    ],
    [
      [0, 4],
      [0, 4],
    ],
    [
      [1, 1],
      [0, 1],
    ],
  );
  expect(savingAt[0]).toBeCloseTo(0.5, 12);
});

test('without a record that all answered there are no single models', () => {
  const outcomes = outcomesFrom([[1, Number.NaN]]);
  expect(singleModels(outcomes, answeredByAll(outcomes))(onceEach(1))).toBeNull();
});

test('savings are at most 1, fall with the quality that is kept, and the oracle is at least as good', () => {
  fc.assert(
    fc.property(tables({ gaps: false }), ({ score, cost, quality, expected }) => {
      const outcomes = outcomesFrom(score, cost);
      const singles = singlesOf(score, cost);
      const of = (predictions: Predictions) => routingFigures(frontierBy(predictions, score, cost), singles);
      const own = of(predictionsFrom(quality, expected));
      const oracle = of(oraclePredictions(outcomes));
      own.savingAt.forEach((saving, i) => {
        if (saving === null) return;
        expect(saving).toBeLessThanOrEqual(1);
        expect(saving).toBeGreaterThanOrEqual((own.savingAt[i - 1] ?? -Infinity) - 1e-9);
        expect(oracle.savingAt[i] ?? -Infinity).toBeGreaterThanOrEqual(saving - 1e-9);
      });
      if (own.aiqMinusZero !== null && oracle.aiqMinusZero !== null) {
        expect(oracle.aiqMinusZero).toBeGreaterThanOrEqual(own.aiqMinusZero - 1e-9);
      }
    }),
  );
});
