/** What an `OnlineLogit` starts from: normal beliefs about slope and offset. */
export interface LogitPrior {
  readonly slope: number;
  readonly offset: number;
  readonly slopeVariance: number;
  readonly offsetVariance: number;
}

/** Slope, offset, their variances with the covariance between, and the count of answers. */
export type LogitState = [number, number, number, number, number, number];

/** A logit, and how unsure it is. */
export interface Outcome {
  readonly logit: number;
  readonly variance: number;
}

/** How an answer is learnt. */
export interface LearnOptions {
  /** Of a chain of maps that this one is part of: each takes its share of the surprise. @default it is alone */
  readonly outcome?: Outcome;
  /** Answers that it counts for. @default 1 */
  readonly weight?: number;
}

/**
 * A map of logits, slope x logit + offset, that is learnt one rated answer at a time: Bayesian logistic regression by
 * a Laplace step an answer (Spiegelhalter and Lauritzen, "Sequential updating of conditional probabilities", 1990).
 * The prior is its ridge.
 */
export class OnlineLogit {
  #slope: number;
  #offset: number;
  /** Covariance of slope and offset. */
  #vSlope: number;
  #vBoth: number;
  #vOffset: number;
  #learnt: number;

  constructor({ slope, offset, slopeVariance, offsetVariance }: LogitPrior, both = 0, learnt = 0) {
    this.#slope = slope;
    this.#offset = offset;
    this.#vSlope = slopeVariance;
    this.#vBoth = both;
    this.#vOffset = offsetVariance;
    this.#learnt = learnt;
  }

  /** @param state of another map */
  static from([slope, offset, slopeVariance, both, offsetVariance, learnt]: LogitState): OnlineLogit {
    return new OnlineLogit({ slope, offset, slopeVariance, offsetVariance }, both, learnt);
  }

  /** All that it knows. */
  get state(): LogitState {
    return [this.#slope, this.#offset, this.#vSlope, this.#vBoth, this.#vOffset, this.#learnt];
  }

  /** Answers learnt from. */
  get learnt(): number {
    return this.#learnt;
  }

  get slope(): number {
    return this.#slope;
  }

  get offset(): number {
    return this.#offset;
  }

  at(logit: number): number {
    return this.#slope * logit + this.#offset;
  }

  /** How unsure it is of what it makes of a logit. */
  outcomeAt(logit: number): Outcome {
    const variance = this.#vSlope * logit * logit + 2 * this.#vBoth * logit + this.#vOffset;
    return { logit: this.at(logit), variance };
  }

  /** @param quality of the answer, 0 to 1 */
  learn(logit: number, quality: number, { outcome = this.outcomeAt(logit), weight = 1 }: LearnOptions = {}): void {
    const expected = probabilityOf(outcome.logit);
    const curvature = Math.max(LEAST_CURVATURE, expected * (1 - expected));
    const gainSlope = this.#vSlope * logit + this.#vBoth;
    const gainOffset = this.#vBoth * logit + this.#vOffset;
    const scale = (weight * curvature) / (1 + weight * curvature * outcome.variance);
    const surprise = (quality - expected) / curvature;
    this.#slope += scale * gainSlope * surprise;
    this.#offset += scale * gainOffset * surprise;
    this.#vSlope -= scale * gainSlope * gainSlope;
    this.#vBoth -= scale * gainSlope * gainOffset;
    this.#vOffset -= scale * gainOffset * gainOffset;
    this.#learnt++;
  }
}

/** A prediction that is all but certain must not make one surprise count for hundreds. */
const LEAST_CURVATURE = 0.05;

/** @param edge how far the probability is kept from 0 and 1, so that the logit stays finite, or no larger than the evidence is worth */
export function logitOf(probability: number, edge: number): number {
  const inside = Math.min(1 - edge, Math.max(edge, probability));
  return Math.log(inside / (1 - inside));
}

export function probabilityOf(logit: number): number {
  return 1 / (1 + Math.exp(-logit));
}
