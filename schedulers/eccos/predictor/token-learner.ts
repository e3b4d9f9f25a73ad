/** Pseudo-count of the prior in the mean of the residuals. */
const PRIOR_COUNT = 10;
/** Step by which the 90 % quantile follows the residuals, in units of log tokens. */
const QUANTILE_STEP = 0.05;
const QUANTILE = 0.9;
/** The mean forgets: it weighs at most so many answers. */
const MEMORY = 500;
/** Share of a mean over so few answers must not run away with one giant answer. */
const LARGEST_RESIDUAL = 3;

/** What is expected of log(1 + tokens) before any answer is known. */
export interface TokenPrior {
  /** Mean of exp(residual). */
  readonly smearing: number;
  /** 90 % quantile of the residual. */
  readonly p90Residual: number;
}

/** Count of answers, shift, smearing and 90 % quantile. */
export type TokenState = [number, number, number, number];

/** Learns by how much a core's answers are longer or shorter than their predicted logarithm says. */
export class TokenLearner {
  #count: number;
  #shift: number;
  #smearing: number;
  #p90: number;

  constructor({ smearing, p90Residual }: TokenPrior, count = 0, shift = 0) {
    this.#count = count;
    this.#shift = shift;
    this.#smearing = smearing;
    this.#p90 = p90Residual;
  }

  /** @param state of another learner */
  static from([count, shift, smearing, p90Residual]: TokenState): TokenLearner {
    return new TokenLearner({ smearing, p90Residual }, count, shift);
  }

  /** All that it knows. */
  get state(): TokenState {
    return [this.#count, this.#shift, this.#smearing, this.#p90];
  }

  /** Answers learnt from. */
  get learnt(): number {
    return this.#count;
  }

  /** Expected tokens, and those that nine answers in ten stay below. @param log predicted log(1 + tokens) */
  at(log: number): { readonly mean: number; readonly p90: number } {
    const centre = log + this.#shift;
    return {
      mean: Math.max(0, Math.exp(centre) * this.#smearing - 1),
      p90: Math.max(0, Math.exp(centre + this.#p90) - 1),
    };
  }

  /** @param log as predicted before the answer @param tokens as counted after it */
  learn(log: number, tokens: number): void {
    const residual = clamp(Math.log1p(tokens) - log - this.#shift, LARGEST_RESIDUAL);
    const weight = 1 / (PRIOR_COUNT + Math.min(++this.#count, MEMORY));
    const step = weight * residual;
    // Relative to the shift that it is used with: what moves the shift is no spread.
    this.#smearing = (this.#smearing + weight * (Math.exp(residual) - this.#smearing)) * Math.exp(-step);
    this.#shift += step;
    // The pinball loss: up by .9 of a step when the answer was longer, down by .1 when it was not.
    this.#p90 += QUANTILE_STEP * (residual > this.#p90 ? QUANTILE : QUANTILE - 1);
  }
}

function clamp(value: number, limit: number): number {
  return Math.max(-limit, Math.min(limit, value));
}
