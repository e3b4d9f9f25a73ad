import { uniform } from '../../../schedulers/uniform.js';
import { Adam } from './adam.js';
import type { Examples } from './examples.js';
import { type GradientOptions, gradientsOf } from './gradients.js';
import { forward, type Net, newNet } from './net.js';

export interface NetOptions extends GradientOptions {
  readonly hidden: number;
  readonly rate: number;
  readonly decay: number;
  readonly batch: number;
  readonly maxEpochs: number;
  /** Epochs without a better loss on the validation part before it stops. */
  readonly patience: number;
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
 * @param onEpoch runs after each epoch
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
    const { inputs, hidden } = this.#net;
    const { inputDropout, hiddenDropout } = this.#options;
    const kept = { inputs: this.#kept(inputs, inputDropout), units: this.#kept(hidden, hiddenDropout) };
    const gradients = gradientsOf(this.#net, this.#examples, rows, kept, this.#options);
    this.#adams.w1.step(gradients.w1);
    this.#adams.b1.step(gradients.b1);
    this.#adams.w2.step(gradients.w2);
    this.#adams.b2.step(gradients.b2);
  }

  #kept(count: number, dropout: number): Int32Array {
    return Int32Array.from({ length: count }, (_, i) => i).filter(() => this.#random() >= dropout);
  }
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
