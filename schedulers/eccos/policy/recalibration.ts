import type { CoreId } from '../../../syscalls/syscall.js';
import { type LogitPrior, OnlineLogit, probabilityOf } from '../predictor/online-logit.js';

/** The maps start as the identity and may end up far from it: a slope of -1 is an inverted predictor. */
const SHARED: LogitPrior = { slope: 1, offset: 0, slopeVariance: 1, offsetVariance: 1 };
const LOCAL: LogitPrior = { slope: 1, offset: 0, slopeVariance: 0.25, offsetVariance: 1 };
/** Nats by which the maps must beat the predictor before they weigh as much as it does. */
const DOUBT = 4;
/** Evidence beyond this is forgotten, so that a predictor that has got better is believed again. */
const MOST_EVIDENCE = 12;

/**
 * Learns from rated answers where the predictor is wrong as a whole: local(shared(logit)), a map of logits shared by
 * all cores, then one for each core. A predictor that is right is left alone: the prediction of the maps and its own
 * are averaged by the posterior odds of their log losses, each answer predicted before it is learnt (Dawid,
 * "Statistical theory: the prequential approach", 1984).
 */
export class Recalibration {
  readonly #shared = new OnlineLogit(SHARED);
  readonly #local = new Map<CoreId, OnlineLogit>();
  #evidence = 0;

  /** Share of the maps in what is believed, 0 to 1. */
  get weight(): number {
    return probabilityOf(this.#evidence - DOUBT);
  }

  /** Probability of a correct answer. @param logit as predicted */
  quality(core: CoreId, logit: number): number {
    const { weight } = this;
    return weight * this.#mapped(core, logit) + (1 - weight) * probabilityOf(logit);
  }

  /** @param logit as predicted before the answer @param quality as rated, 0 to 1 */
  learn(core: CoreId, logit: number, quality: number): void {
    const gain = logLoss(probabilityOf(logit), quality) - logLoss(this.#mapped(core, logit), quality);
    this.#evidence = Math.max(-MOST_EVIDENCE, Math.min(MOST_EVIDENCE, this.#evidence + gain));
    const shared = this.#shared.at(logit);
    this.#shared.learn(logit, quality);
    this.#of(core).learn(shared, quality);
  }

  #mapped(core: CoreId, logit: number): number {
    return probabilityOf(this.#of(core).at(this.#shared.at(logit)));
  }

  #of(core: CoreId): OnlineLogit {
    const map = this.#local.get(core) ?? new OnlineLogit(LOCAL);
    this.#local.set(core, map);
    return map;
  }
}

/** One answer never counts for more than this: a wrong "certain" must not decide alone. */
const MOST_LOSS = 3;

function logLoss(expected: number, quality: number): number {
  const loss = -quality * Math.log(expected) - (1 - quality) * Math.log(1 - expected);
  return Math.min(MOST_LOSS, loss);
}
