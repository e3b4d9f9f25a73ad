import fc from 'fast-check';
import { expect, test } from 'vitest';
import { columnEffectsOf, shrinkInteraction } from '../../../../schedulers/eccos/predictor/shrink-interaction.js';

const sigmoid = (logit: number) => 1 / (1 + Math.exp(-logit));
const logits = (quality: Float64Array) => Array.from(quality, (value) => Math.log(value / (1 - value)));
const probabilities = (values: readonly number[]) => Float64Array.from(values, sigmoid);
const UNKNOWN = Number.NaN;

test('by hand: row mean + column effect + gamma x interaction', () => {
  // Rows (2, 0) and (0, -4): means 1 and -2, column effects +1.5 and -1.5, interactions -.5, +.5, +.5, -.5.
  const quality = probabilities([2, 0, 0, -4]);
  const effects = columnEffectsOf(quality, 2);
  expect(effects[0]).toBeCloseTo(1.5, 9);
  expect(effects[1]).toBeCloseTo(-1.5, 9);
  const shrunk = logits(shrinkInteraction(quality, effects, 0.6));
  [2.5 - 0.3, -0.5 + 0.3, -0.5 + 0.3, -3.5 - 0.3].forEach((expected, cell) => {
    expect(shrunk[cell]).toBeCloseTo(expected, 9);
  });
});

test('a gap stays a gap: it teaches nothing, and the others of its row are shrunk without it', () => {
  const effects = columnEffectsOf(probabilities([2, 0, UNKNOWN, 3]), 2);
  expect(effects[0]).toBeCloseTo(1, 9);
  const [known, unknown] = logits(shrinkInteraction(probabilities([1, UNKNOWN]), effects, 0.5));
  expect(known).toBeCloseTo(1, 9);
  expect(unknown).toBeNaN();
  expect([...columnEffectsOf(probabilities([UNKNOWN, 3]), 2)]).toEqual([0, 0]);
});

test('certainties stay finite', () => {
  const quality = Float64Array.of(0, 1, 1, 1);
  const shrunk = shrinkInteraction(quality, columnEffectsOf(quality, 2), 0.3);
  expect(shrunk.every((value) => value > 0 && value < 1)).toBe(true);
});

const matrices = fc
  .record({ rows: fc.integer({ min: 1, max: 8 }), models: fc.integer({ min: 1, max: 5 }) })
  .chain(({ rows, models }) =>
    fc.record({
      models: fc.constant(models),
      quality: fc
        .array(fc.double({ min: 0.01, max: 0.99, noNaN: true }), { minLength: rows * models, maxLength: rows * models })
        .map((values) => Float64Array.from(values)),
    }),
  );

test('gamma 1 changes nothing; gamma 0 leaves the same differences in every row', () => {
  fc.assert(
    fc.property(matrices, ({ models, quality }) => {
      const effects = columnEffectsOf(quality, models);
      shrinkInteraction(quality, effects, 1).forEach((value, cell) => {
        expect(value).toBeCloseTo(quality[cell] as number, 9);
      });
      logits(shrinkInteraction(quality, effects, 0)).forEach((value, cell, all) => {
        const first = cell - (cell % models);
        const difference = (effects[cell % models] as number) - (effects[0] as number);
        expect(value - (all[first] as number)).toBeCloseTo(difference, 6);
      });
    }),
  );
});

test('neither row means nor column effects move', () => {
  fc.assert(
    fc.property(matrices, fc.double({ min: 0, max: 1, noNaN: true }), ({ models, quality }, gamma) => {
      const effects = columnEffectsOf(quality, models);
      const shrunk = shrinkInteraction(quality, effects, gamma);
      columnEffectsOf(shrunk, models).forEach((effect, j) => {
        expect(effect).toBeCloseTo(effects[j] as number, 6);
      });
      const rowMean = (values: readonly number[], row: number) =>
        values.slice(row * models, (row + 1) * models).reduce((sum, value) => sum + value, 0) / models;
      for (let row = 0; row * models < quality.length; row++) {
        expect(rowMean(logits(shrunk), row)).toBeCloseTo(rowMean(logits(quality), row), 6);
      }
    }),
  );
});
