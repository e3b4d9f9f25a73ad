import type { Weights } from './package.js';

/** Signed bytes, and what one step of them is worth, by row. */
export interface Quantised {
  readonly quantised: Int8Array;
  readonly scales: Float32Array;
}

const MOST = 127;

/** A table that is only looked up. */
export function quantiseRows({ shape: [rows = 0, columns = 0], values }: Weights): Quantised {
  const scales = Float32Array.from({ length: rows }, (_, row) => {
    const largest = values
      .subarray(row * columns, (row + 1) * columns)
      .reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    return largest / MOST;
  });
  const quantised = Int8Array.from(values, (value, at) => Math.round(value / (scales[Math.floor(at / columns)] || 1)));
  return { quantised, scales };
}
