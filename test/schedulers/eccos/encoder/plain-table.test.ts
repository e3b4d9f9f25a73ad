import { expect, test } from 'vitest';
import { plainTable } from '../../../../agents/lab/build-encoder/plain-table.js';
import { uniform } from '../../../../schedulers/uniform.js';

const WIDTH = 8;
const ROWS = 200;
/** The first piece is unknown, the second has a score that is no probability: both count for nothing. */
const PIECES = Array.from(
  { length: ROWS },
  (_, id) => [`${id}`, id === 0 ? null : id === 1 ? 30 : -3 - id / 50] as const,
);
const draw = uniform(3);
/** Tokens with a large common part, and one direction in which they differ most. */
const VALUES = Float32Array.from({ length: ROWS * WIDTH }, (_, at) => {
  const column = at % WIDTH;
  return (column === 0 ? 5 : 0) + (column === 1 ? 4 : 1) * (draw() - 0.5);
});

function figures(values: Float32Array) {
  const shares = PIECES.map(([, score]) => (score !== null && score < 0 ? Math.exp(score) : 0));
  const all = shares.reduce((sum, share) => sum + share, 0);
  const moment = (of: (row: number) => number) => shares.reduce((sum, share, row) => sum + (share / all) * of(row), 0);
  return Array.from({ length: WIDTH }, (_, column) => {
    const mean = moment((row) => values[row * WIDTH + column] as number);
    return { mean, variance: moment((row) => ((values[row * WIDTH + column] as number) - mean) ** 2) };
  });
}

test('what all tokens share is gone or narrow, and the rest stays', () => {
  const { shape, values } = plainTable({ shape: [ROWS, WIDTH], values: VALUES }, PIECES);
  expect(shape).toEqual([ROWS, WIDTH]);
  const [before, after] = [figures(VALUES), figures(values)];
  expect(before[0]?.mean).toBeGreaterThan(4);
  for (const { mean } of after) expect(Math.abs(mean)).toBeLessThan(1e-5);
  expect(after[1]?.variance).toBeLessThan(0.1 * (before[1]?.variance as number));
  for (const column of [0, 2, 3, 4, 5, 6, 7]) {
    expect(after[column]?.variance).toBeGreaterThan(0.8 * (before[column]?.variance as number));
  }
});
