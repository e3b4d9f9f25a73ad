import { uniform } from '../../uniform.js';
import { Adam } from './adam.js';
import type { Examples } from './examples.js';
import { addProduct, rowMajor, transposed } from './matrix.js';
import { forward, type Net, newNet, rectify, repeated } from './net.js';

export interface NetOptions {
  readonly hidden: number;
  readonly inputDropout: number;
  readonly hiddenDropout: number;
  readonly rate: number;
  readonly decay: number;
  readonly batch: number;
  readonly maxEpochs: number;
  /** Epochs without a better loss on the validation part before it stops. */
  readonly patience: number;
  /** Weight of the squared error of the lengths beside the log-loss of the scores. */
  readonly lengthWeight: number;
}

export const NET_OPTIONS: NetOptions = {
  hidden: 128,
  inputDropout: 0.2,
  hiddenDropout: 0.5,
  rate: 1e-3,
  decay: 0.1,
  batch: 128,
  maxEpochs: 40,
  patience: 6,
  lengthWeight: 0.3,
};

export interface TrainedNet {
  readonly net: Net;
  /** Mean log-loss of the scores on the validation part, nats. */
  readonly loss: number;
  /** Epoch of the weights, from 1; 0 = nothing beat the means. */
  readonly epoch: number;
}

/**
 * Trains a net that maps features to M logits of success and M standardised log lengths: masked binary cross-entropy
 * plus `lengthWeight` x squared error, Adam, dropout, early stopping on the validation part.
 *
 * Dropout is drawn once a batch and not once a row (Graham, Reizenstein and Robinson, "Efficient batchwise dropout
 * training using submatrices", arXiv 1502.02478), so that a step multiplies only the parts that are kept.
 *
 * @param onEpoch told after each epoch
 */
export function trainNet(
  train: Examples,
  validation: Examples,
  options: NetOptions,
  seed: number,
  onEpoch: (epoch: number) => void = () => {},
): TrainedNet {
  const random = uniform(seed);
  const net = newNet(train.inputs, options.hidden, startingBiases(train), random);
  const stepper = new Stepper(net, train, options, random);
  let best: TrainedNet = { net: copyOf(net), loss: lossOf(net, validation), epoch: 0 };
  for (let epoch = 1; epoch <= options.maxEpochs && epoch - best.epoch <= options.patience; epoch++) {
    const order = shuffled(train.rows, random);
    for (let from = 0; from < order.length; from += options.batch)
      stepper.step(order.subarray(from, from + options.batch));
    const loss = lossOf(net, validation);
    if (loss < best.loss) best = { net: copyOf(net), loss, epoch };
    onEpoch(epoch);
  }
  return best;
}

class Stepper {
  readonly #net: Net;
  readonly #examples: Examples;
  readonly #options: NetOptions;
  readonly #random: () => number;
  readonly #adams: Readonly<Record<'w1' | 'b1' | 'w2' | 'b2', Adam>>;

  constructor(net: Net, examples: Examples, options: NetOptions, random: () => number) {
    this.#net = net;
    this.#examples = examples;
    this.#options = options;
    this.#random = random;
    const { rate, decay } = options;
    this.#adams = {
      w1: new Adam(net.w1, { rate, decay }),
      b1: new Adam(net.b1, { rate, decay: 0 }),
      w2: new Adam(net.w2, { rate, decay }),
      b2: new Adam(net.b2, { rate, decay: 0 }),
    };
  }

  /** One step on these rows. */
  step(rows: Int32Array): void {
    const { inputs, hidden, outputs, w1, b1, w2, b2 } = this.#net;
    const { inputDropout, hiddenDropout } = this.#options;
    const ins = this.#kept(inputs, inputDropout);
    const units = this.#kept(hidden, hiddenDropout);
    const x = pick(this.#examples.features, inputs, rows, ins, 1 / (1 - inputDropout));
    const v1 = pick(w1, hidden, ins, units, 1);
    const v2 = pick(w2, outputs, units, undefined, 1 / (1 - hiddenDropout));
    const n = rows.length;

    const h = repeated(pick(b1, hidden, [0], units, 1), n);
    addProduct(h, rowMajor(x, ins.length), rowMajor(v1, units.length), [n, ins.length, units.length]);
    rectify(h);
    const out = repeated(b2, n);
    addProduct(out, rowMajor(h, units.length), rowMajor(v2, outputs), [n, units.length, outputs]);

    const dOut = this.#gradientOf(out, rows);
    const dH = new Float64Array(h.length);
    addProduct(dH, rowMajor(dOut, outputs), transposed(rowMajor(v2, outputs)), [n, outputs, units.length]);
    for (let i = 0; i < h.length; i++) if (h[i] === 0) dH[i] = 0;
    const dV2 = new Float64Array(v2.length);
    addProduct(dV2, transposed(rowMajor(h, units.length)), rowMajor(dOut, outputs), [units.length, n, outputs]);
    const dV1 = new Float64Array(v1.length);
    addProduct(dV1, transposed(rowMajor(x, ins.length)), rowMajor(dH, units.length), [ins.length, n, units.length]);

    this.#adams.w1.step(spread(dV1, new Float64Array(w1.length), hidden, ins, units, 1));
    this.#adams.b1.step(spread(columnSums(dH, units.length), new Float64Array(hidden), hidden, [0], units, 1));
    this.#adams.w2.step(spread(dV2, new Float64Array(w2.length), outputs, units, undefined, 1 / (1 - hiddenDropout)));
    this.#adams.b2.step(columnSums(dOut, outputs));
  }

  /** Of the loss by each output: mean over what is known in these rows. */
  #gradientOf(out: Float64Array, rows: Int32Array): Float64Array {
    const { models, scores, lengths } = this.#examples;
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
          gradient[at + models] = (2 * this.#options.lengthWeight * ((out[at + models] as number) - length)) / known;
        }
      }
    }
    return gradient;
  }

  #kept(count: number, dropout: number): Int32Array {
    return Int32Array.from({ length: count }, (_, i) => i).filter(() => this.#random() >= dropout);
  }
}

function sigmoid(logit: number): number {
  return 1 / (1 + Math.exp(-logit));
}

/** Logit of each model's mean score, one pseudo-count of each kind, and 0 for each length. */
function startingBiases({ rows, models, scores }: Examples): Float64Array {
  const biases = new Float64Array(2 * models);
  for (let m = 0; m < models; m++) {
    let right = 1;
    let wrong = 1;
    for (let i = 0; i < rows; i++) {
      const score = scores[i * models + m] as number;
      if (Number.isNaN(score)) continue;
      right += score;
      wrong += 1 - score;
    }
    biases[m] = Math.log(right / wrong);
  }
  return biases;
}

function lossOf(net: Net, { rows, models, features, scores }: Examples): number {
  const out = forward(net, features, rows);
  let sum = 0;
  let known = 0;
  for (let i = 0; i < rows; i++) {
    for (let m = 0; m < models; m++) {
      const score = scores[i * models + m] as number;
      if (Number.isNaN(score)) continue;
      const logit = out[i * 2 * models + m] as number;
      // log(1 + e^logit) - score x logit, without overflow.
      sum += Math.max(logit, 0) + Math.log1p(Math.exp(-Math.abs(logit))) - score * logit;
      known++;
    }
  }
  return sum / known;
}

function copyOf(net: Net): Net {
  return { ...net, w1: net.w1.slice(), b1: net.b1.slice(), w2: net.w2.slice(), b2: net.b2.slice() };
}

/** Fisher and Yates. */
function shuffled(count: number, random: () => number): Int32Array {
  const order = Int32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    const swapped = order[i] as number;
    order[i] = order[j] as number;
    order[j] = swapped;
  }
  return order;
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
