import type { Weights } from './package.js';

/** Signed bytes, and what one step of them is worth, by row or by column. */
export interface Quantised {
  readonly quantised: Int8Array;
  readonly scales: Float32Array;
}

const MOST = 127;
/**
 * Processors without VNNI add two products of an unsigned and a signed byte in 16 bits, those of the rows 2k and 2k + 1:
 * 255 * (a + b) must not pass 32,767, so two neighbours of one sign must not pass this together.
 */
export const MOST_OF_A_PAIR = 128;

/** A table that is only looked up. */
export function quantiseRows({ shape: [rows = 0, columns = 0], values }: Weights): Quantised {
  const scales = Float32Array.from({ length: rows }, (_, row) => {
    const largest = values
      .subarray(row * columns, (row + 1) * columns)
      .reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    return largest / MOST;
  });
  return { quantised: rounded(values, (at) => scales[Math.floor(at / columns)] as number), scales };
}

/** Weights [in, out] of a product with unsigned bytes, which gives the same on every processor. */
export function quantiseColumns({ shape: [rows = 0, columns = 0], values }: Weights): Quantised {
  const at = (row: number, column: number) => (row < rows ? (values[row * columns + column] as number) : 0);
  const scales = Float32Array.from({ length: columns }, (_, column) => {
    let scale = 0;
    for (let row = 0; row < rows; row += 2) {
      const [a, b] = [at(row, column), at(row + 1, column)];
      // Rounding may add half a step to each: one step less is left for the sum.
      const pair = Math.abs(a + b) / (MOST_OF_A_PAIR - 1);
      scale = Math.max(scale, Math.abs(a) / MOST, Math.abs(b) / MOST, a * b > 0 ? pair : 0);
    }
    return scale;
  });
  return { quantised: rounded(values, (at) => scales[at % columns] as number), scales };
}

function rounded(values: Float32Array, scaleOf: (at: number) => number): Int8Array {
  return Int8Array.from(values, (value, at) => Math.max(-MOST, Math.min(MOST, Math.round(value / (scaleOf(at) || 1)))));
}
