import type { Examples } from './examples.js';
import { addProduct, rowMajor, transposed } from './matrix.js';
import { type Net, rectify, repeated } from './net.js';

export interface GradientOptions {
  /** Share of the inputs that is left out: what is kept counts for more, so that sums stay the same. */
  readonly inputDropout: number;
  /** The same of the hidden units. */
  readonly hiddenDropout: number;
  /** Weight of the squared error of the lengths beside the log-loss of the scores. */
  readonly lengthWeight: number;
}

/** What dropout has kept. */
export interface Kept {
  readonly inputs: Int32Array;
  readonly units: Int32Array;
}

/** Of each array of weights of the net, in its places; 0 for what is not kept. */
export type Gradients = Readonly<Record<'w1' | 'b1' | 'w2' | 'b2', Float64Array>>;

/**
 * Gradients of the loss of these rows: masked binary cross-entropy + `lengthWeight` x masked squared error, each summed
 * over what is known and divided by the count of the known scores.
 */
export function gradientsOf(
  { inputs, hidden, outputs, w1, b1, w2, b2 }: Net,
  examples: Examples,
  rows: Int32Array,
  { inputs: ins, units }: Kept,
  { inputDropout, hiddenDropout, lengthWeight }: GradientOptions,
): Gradients {
  const gain = 1 / (1 - hiddenDropout);
  const x = pick(examples.features, inputs, rows, ins, 1 / (1 - inputDropout));
  const v1 = pick(w1, hidden, ins, units, 1);
  const v2 = pick(w2, outputs, units, undefined, gain);
  const n = rows.length;

  const h = repeated(pick(b1, hidden, [0], units, 1), n);
  addProduct(h, rowMajor(x, ins.length), rowMajor(v1, units.length), [n, ins.length, units.length]);
  rectify(h);
  const out = repeated(b2, n);
  addProduct(out, rowMajor(h, units.length), rowMajor(v2, outputs), [n, units.length, outputs]);

  const dOut = outputGradient(out, examples, rows, lengthWeight);
  const dH = new Float64Array(h.length);
  addProduct(dH, rowMajor(dOut, outputs), transposed(rowMajor(v2, outputs)), [n, outputs, units.length]);
  for (let i = 0; i < h.length; i++) if (h[i] === 0) dH[i] = 0;
  const dV2 = new Float64Array(v2.length);
  addProduct(dV2, transposed(rowMajor(h, units.length)), rowMajor(dOut, outputs), [units.length, n, outputs]);
  const dV1 = new Float64Array(v1.length);
  addProduct(dV1, transposed(rowMajor(x, ins.length)), rowMajor(dH, units.length), [ins.length, n, units.length]);

  return {
    w1: spread(dV1, new Float64Array(w1.length), hidden, ins, units, 1),
    b1: spread(columnSums(dH, units.length), new Float64Array(hidden), hidden, [0], units, 1),
    w2: spread(dV2, new Float64Array(w2.length), outputs, units, undefined, gain),
    b2: columnSums(dOut, outputs),
  };
}

/** Of the loss by each output: mean over what is known in these rows. */
function outputGradient(
  out: Float64Array,
  { models, scores, lengths }: Examples,
  rows: Int32Array,
  lengthWeight: number,
): Float64Array {
  const gradient = new Float64Array(out.length);
  let known = 0;
  for (const row of rows) for (let m = 0; m < models; m++) if (!Number.isNaN(scores[row * models + m])) known++;
  for (const [i, row] of rows.entries()) {
    for (let m = 0; m < models; m++) {
      const score = scores[row * models + m] as number;
      const length = lengths[row * models + m] as number;
      const at = i * 2 * models + m;
      if (!Number.isNaN(score)) gradient[at] = (sigmoid(out[at] as number) - score) / known;
      if (!Number.isNaN(length)) {
        gradient[at + models] = (2 * lengthWeight * ((out[at + models] as number) - length)) / known;
      }
    }
  }
  return gradient;
}

function sigmoid(logit: number): number {
  return 1 / (1 + Math.exp(-logit));
}

type Places = ArrayLike<number>;

/** The part of a matrix in these rows and columns (all columns, if none are given), scaled. */
function pick(
  matrix: Float64Array,
  width: number,
  rows: Places,
  columns: Places | undefined,
  scale: number,
): Float64Array {
  const count = columns?.length ?? width;
  const part = new Float64Array(rows.length * count);
  for (let i = 0, to = 0; i < rows.length; i++) {
    const from = (rows[i] as number) * width;
    for (let j = 0; j < count; j++) part[to++] = scale * (matrix[from + (columns?.[j] ?? j)] as number);
  }
  return part;
}

/** Puts a part that was picked back into its places in `matrix`. */
function spread(
  part: Float64Array,
  matrix: Float64Array,
  width: number,
  rows: Places,
  columns: Places | undefined,
  scale: number,
): Float64Array {
  const count = columns?.length ?? width;
  for (let i = 0, from = 0; i < rows.length; i++) {
    const to = (rows[i] as number) * width;
    for (let j = 0; j < count; j++) matrix[to + (columns?.[j] ?? j)] = scale * (part[from++] as number);
  }
  return matrix;
}

function columnSums(matrix: Float64Array, width: number): Float64Array {
  const sums = new Float64Array(width);
  for (let at = 0; at < matrix.length; at++) sums[at % width] = (sums[at % width] as number) + (matrix[at] as number);
  return sums;
}
