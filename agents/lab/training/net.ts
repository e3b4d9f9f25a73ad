import { addProduct, rowMajor } from './matrix.js';

/** A net of one hidden layer of rectifiers: out = relu(x w1 + b1) w2 + b2. Row-major: w1 is inputs x hidden, w2 hidden x outputs. */
export interface Net {
  readonly inputs: number;
  readonly hidden: number;
  readonly outputs: number;
  readonly w1: Float64Array;
  readonly b1: Float64Array;
  readonly w2: Float64Array;
  readonly b2: Float64Array;
}

/**
 * Starting weights: normal with variance 2 / inputs in the first layer (He et al., arXiv 1502.01852), small ones in the
 * second, so that a new net says what its output biases say.
 *
 * @param biases of the outputs
 */
export function newNet(inputs: number, hidden: number, biases: ArrayLike<number>, random: () => number): Net {
  const outputs = biases.length;
  const normals = (count: number, deviation: number) =>
    Float64Array.from({ length: count }, () => deviation * normal(random));
  return {
    inputs,
    hidden,
    outputs,
    w1: normals(inputs * hidden, Math.sqrt(2 / inputs)),
    b1: new Float64Array(hidden),
    w2: normals(hidden * outputs, 0.1 / Math.sqrt(hidden)),
    b2: Float64Array.from(biases),
  };
}

/** Outputs of a net. @param x rows x inputs @returns rows x outputs */
export function forward(net: Net, x: Float64Array, rows: number): Float64Array {
  const hidden = repeated(net.b1, rows);
  addProduct(hidden, rowMajor(x, net.inputs), rowMajor(net.w1, net.hidden), [rows, net.inputs, net.hidden]);
  rectify(hidden);
  const out = repeated(net.b2, rows);
  addProduct(out, rowMajor(hidden, net.hidden), rowMajor(net.w2, net.outputs), [rows, net.hidden, net.outputs]);
  return out;
}

/**
 * One net whose outputs are the mean of those of several: their hidden layers side by side.
 *
 * @param nets of the same numbers of inputs and outputs; one or more
 */
export function average(nets: readonly Net[]): Net {
  const [{ inputs, outputs }] = nets as [Net];
  const hidden = nets.reduce((sum, net) => sum + net.hidden, 0);
  const w1 = new Float64Array(inputs * hidden);
  let from = 0;
  for (const net of nets) {
    for (let i = 0; i < inputs; i++) {
      w1.set(net.w1.subarray(i * net.hidden, (i + 1) * net.hidden), i * hidden + from);
    }
    from += net.hidden;
  }
  const share = 1 / nets.length;
  return {
    inputs,
    hidden,
    outputs,
    w1,
    b1: Float64Array.from(nets.flatMap((net) => [...net.b1])),
    w2: Float64Array.from(nets.flatMap((net) => [...net.w2.map((weight) => weight * share)])),
    b2: Float64Array.from({ length: outputs }, (_, j) =>
      nets.reduce((sum, net) => sum + (net.b2[j] as number) * share, 0),
    ),
  };
}

export function rectify(values: Float64Array): void {
  for (let i = 0; i < values.length; i++) if ((values[i] as number) < 0) values[i] = 0;
}

/** The row once for each of `rows`. */
export function repeated(row: Float64Array, rows: number): Float64Array {
  const all = new Float64Array(rows * row.length);
  for (let i = 0; i < rows; i++) all.set(row, i * row.length);
  return all;
}

/** Box and Muller. */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
