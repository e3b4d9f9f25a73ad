import fc from 'fast-check';
import { expect, test } from 'vitest';
import { auc } from '../../../../agents/lab/metrics/discrimination.js';
import { type Outcomes, onceEach, type Predictions } from '../../../../agents/lab/metrics/outcomes.js';
import { outcomesFrom, predictionsFrom, repeated, tables } from './made-outcomes.js';

const aucOf = (outcomes: Outcomes, predictions: Predictions) => auc(outcomes, predictions)(onceEach(outcomes.records));
const column = (values: readonly number[]) => values.map((value) => [value]);

test.each([
  { name: 'all in order', score: [0, 0, 1, 1], quality: [0.1, 0.2, 0.3, 0.4], area: 1 },
  { name: 'all in reverse', score: [1, 0], quality: [0.1, 0.2], area: 0 },
  { name: 'one of four pairs wrong', score: [0, 1, 0, 1], quality: [0.1, 0.2, 0.3, 0.4], area: 0.75 },
  { name: 'a tie counts half', score: [0, 1, 1], quality: [0.5, 0.5, 0.9], area: 0.75 },
  { name: 'no difference', score: [0, 1, 1, 0], quality: [0.5, 0.5, 0.5, 0.5], area: 0.5 },
  // Pairs: right over wrong 1, right over half wrong .5, half right over wrong .5, half right over right 0.
  { name: 'shares in order', score: [1, 0, 0.5], quality: [0.9, 0.1, 0.5], area: 1 },
  // The half lies above the whole one: that pair loses its .5.
  { name: 'shares out of order', score: [1, 0, 0.5], quality: [0.5, 0.1, 0.9], area: 0.75 },
])('$name: $area', ({ score, quality, area }) => {
  expect(aucOf(outcomesFrom(column(score)), predictionsFrom(column(quality)))).toBeCloseTo(area, 12);
});

test('is the mean over the models that have both outcomes', () => {
  const outcomes = outcomesFrom([
    [0, 1, 1],
    [1, 0, 1],
    [0, 0, 1],
  ]);
  const predictions = predictionsFrom([
    [0.1, 0.1, 0.3],
    [0.9, 0.5, 0.2],
    [0.2, 0.6, 0.1],
  ]);
  expect(aucOf(outcomes, predictions)).toBeCloseTo((1 + 0) / 2, 12);
});

test('leaves out what is not known', () => {
  const outcomes = outcomesFrom(column([0, 1, Number.NaN, 0]));
  const predictions = predictionsFrom(column([0.1, 0.9, 0.95, Number.NaN]));
  expect(aucOf(outcomes, predictions)).toBe(1);
});

test.each([
  { name: 'no records', score: [] },
  { name: 'one record', score: [1] },
  { name: 'one record, half right', score: [0.5] },
  { name: 'all right', score: [1, 1, 1] },
  { name: 'all wrong', score: [0, 0, 0] },
  { name: 'nothing known', score: [Number.NaN, Number.NaN] },
])('has no value: $name', ({ score }) => {
  expect(aucOf(outcomesFrom(column(score)), predictionsFrom(column(score.map((_, i) => i / 10))))).toBeNull();
});

test('does not change under increasing maps', () => {
  fc.assert(
    fc.property(tables({ gaps: true }), ({ score, quality }) => {
      const outcomes = outcomesFrom(score);
      const mapped = quality.map((row) => row.map((value) => Math.exp(3 * value) - 7));
      expect(aucOf(outcomes, predictionsFrom(mapped))).toEqual(aucOf(outcomes, predictionsFrom(quality)));
    }),
  );
});

test('is the share of won pairs, counted one by one, and weights are repetitions', () => {
  fc.assert(
    fc.property(tables({ gaps: true }), ({ score, quality, weights }) => {
      const outcomes = outcomesFrom(score);
      const predictions = predictionsFrom(quality);
      const models = outcomes.models;
      const area = auc(outcomes, predictions)(weights);
      const expected = byPairs(repeated(outcomes, models, weights), repeated(predictions, models, weights));
      if (expected === null) expect(area).toBeNull();
      else expect(area).toBeCloseTo(expected, 9);
    }),
  );
});

function byPairs({ records, models, score }: Outcomes, { quality }: Predictions): number | null {
  const areas: number[] = [];
  for (let model = 0; model < models; model++) {
    let won = 0;
    let pairs = 0;
    for (let i = 0; i < records; i++) {
      for (let j = 0; j < records; j++) {
        const a = i * models + model;
        const b = j * models + model;
        const weight = (score[a] as number) * (1 - (score[b] as number));
        if (i === j || Number.isNaN(weight)) continue;
        pairs += weight;
        const lead = Math.sign((quality[a] as number) - (quality[b] as number));
        won += (weight * (1 + lead)) / 2;
      }
    }
    if (pairs > 0) areas.push(won / pairs);
  }
  return areas.length === 0 ? null : areas.reduce((sum, area) => sum + area, 0) / areas.length;
}
