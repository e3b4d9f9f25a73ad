const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;

export interface AdamOptions {
  readonly rate: number;
  /** Decoupled decay (Loshchilov and Hutter, arXiv 1711.05101): each step shrinks a weight by rate x decay. */
  readonly decay: number;
}

/** Adam (Kingma and Ba, arXiv 1412.6980) for one array of weights, which it changes in place. */
export class Adam {
  readonly #weights: Float64Array;
  readonly #mean: Float64Array;
  readonly #variance: Float64Array;
  readonly #options: AdamOptions;
  #steps = 0;

  constructor(weights: Float64Array, options: AdamOptions) {
    this.#weights = weights;
    this.#mean = new Float64Array(weights.length);
    this.#variance = new Float64Array(weights.length);
    this.#options = options;
  }

  /** One step against the gradient, which has the weights' length. */
  step(gradient: Float64Array): void {
    this.#steps++;
    const { rate, decay } = this.#options;
    const size = rate / (1 - BETA1 ** this.#steps);
    const scale = 1 / (1 - BETA2 ** this.#steps);
    const keep = 1 - rate * decay;
    const weights = this.#weights;
    const means = this.#mean;
    const variances = this.#variance;
    for (let i = 0; i < weights.length; i++) {
      const g = gradient[i] as number;
      const mean = BETA1 * (means[i] as number) + (1 - BETA1) * g;
      const variance = BETA2 * (variances[i] as number) + (1 - BETA2) * g * g;
      means[i] = mean;
      variances[i] = variance;
      weights[i] = keep * (weights[i] as number) - (size * mean) / (Math.sqrt(variance * scale) + EPSILON);
    }
  }
}
