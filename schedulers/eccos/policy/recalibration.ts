import type { CoreId } from '../../../syscalls/syscall.js';
import { type LogitPrior, OnlineLogit, probabilityOf } from '../predictor/online-logit.js';
import { consensus } from './consensus.js';
import type { RecalibrationLearnt } from './eccos-learnt.js';

/** The maps start as the identity and may end up far from it: a slope of -1 is an inverted predictor. */
const SHARED: LogitPrior = { slope: 1, offset: 0, slopeVariance: 1, offsetVariance: 1 };
const LOCAL: LogitPrior = { slope: 1, offset: 0, slopeVariance: 0.25, offsetVariance: 1 };
/** Nats by which the maps must beat the predictor before they weigh as much as it does. */
const DOUBT = 4;
/** Evidence beyond this is forgotten, so that a predictor that has got better is believed again. */
const MOST_EVIDENCE = 12;

/** Probability of a correct answer of a core, by its column and the logit that was predicted. */
export type Believed = (column: number, logit: number) => number;

/** A map of logits. */
type Line = Pick<LogitPrior, 'slope' | 'offset'>;

/** What a recalibration begins with. */
interface Start {
  readonly evidence: number;
  readonly shared: Line;
  /** Of cores of which something is known. */
  readonly local: ReadonlyMap<CoreId, Line>;
}

const UNMOVED: Start = { evidence: 0, shared: { slope: 1, offset: 0 }, local: new Map() };

/**
 * Learns from rated answers where the predictor is wrong as a whole: local(shared(logit)), a map of logits shared by
 * all cores, then one for each core. A predictor that is right is left alone: the prediction of the maps and its own
 * are averaged by the posterior odds of their log losses, each answer predicted before it is learnt (Dawid,
 * "Statistical theory: the prequential approach", 1984).
 */
export class Recalibration {
  readonly #start: Start;
  #shared: OnlineLogit;
  readonly #local = new Map<CoreId, OnlineLogit>();
  #evidence: number;
  #answers = 0;

  /** @param start what it begins with @default maps that change nothing */
  constructor(start: Start = UNMOVED) {
    this.#start = start;
    this.#shared = new OnlineLogit({ ...SHARED, ...start.shared });
    this.#evidence = start.evidence;
  }

  get learnt(): RecalibrationLearnt {
    const { evidence, shared, local } = this.#start;
    return {
      start: { evidence, shared: lineState(shared), local: [...local].map(([core, own]) => [core, lineState(own)]) },
      shared: this.#shared.state,
      local: [...this.#local].map(([core, map]) => [core, map.state]),
      evidence: this.#evidence,
      answers: this.#answers,
    };
  }

  static from({ start, shared, local, evidence, answers }: RecalibrationLearnt): Recalibration {
    const own = new Recalibration({
      evidence: start.evidence,
      shared: lineOf(start.shared),
      local: new Map(start.local.map(([core, line]) => [core, lineOf(line)])),
    });
    own.#shared = OnlineLogit.from(shared);
    for (const [core, map] of local) own.#local.set(core, OnlineLogit.from(map));
    own.#evidence = evidence;
    own.#answers = answers;
    return own;
  }

  /** Answers learnt from. */
  get answers(): number {
    return this.#answers;
  }

  /** Share of the maps in what is believed, 0 to 1. */
  get weight(): number {
    return probabilityOf(this.#evidence - DOUBT);
  }

  /** As it stands until the next answer is learnt. */
  believed(cores: readonly CoreId[]): Believed {
    const { weight } = this;
    const shared = this.#shared;
    const local = cores.map((core) => this.#of(core));
    return (column, logit) =>
      weight * probabilityOf(local[column]!.at(shared.at(logit))) + (1 - weight) * probabilityOf(logit);
  }

  /** @param logit as predicted before the answer @param quality as rated, 0 to 1 @param weight usual ratings that it counts for */
  learn(core: CoreId, logit: number, quality: number, weight = 1): void {
    const gain = weight * (logLoss(probabilityOf(logit), quality) - logLoss(this.#mapped(core, logit), quality));
    this.#evidence = Math.max(-MOST_EVIDENCE, Math.min(MOST_EVIDENCE, this.#evidence + gain));
    const shared = this.#shared.at(logit);
    this.#shared.learn(logit, quality, { weight });
    this.#of(core).learn(shared, quality, { weight });
    this.#answers++;
  }

  /**
   * What one begins with of whom nothing is known: what the others agree on, number by number.
   *
   * @param others one a party
   */
  static agreed(others: readonly Recalibration[]): Recalibration {
    const line = (maps: readonly OnlineLogit[]): Line => ({
      slope: consensus(
        maps.map(({ slope }) => slope),
        1,
      ),
      offset: consensus(
        maps.map(({ offset }) => offset),
        0,
      ),
    });
    const cores = new Set(others.flatMap((one) => [...one.#local.keys()]));
    const localOf = (core: CoreId) => others.flatMap((one) => one.#local.get(core) ?? []);
    return new Recalibration({
      evidence: consensus(
        others.map((one) => one.#evidence),
        0,
      ),
      shared: line(others.map((one) => one.#shared)),
      local: new Map([...cores].map((core) => [core, line(localOf(core))])),
    });
  }

  /** One that begins as this one has begun. */
  again(): Recalibration {
    return new Recalibration(this.#start);
  }

  #mapped(core: CoreId, logit: number): number {
    return probabilityOf(this.#of(core).at(this.#shared.at(logit)));
  }

  #of(core: CoreId): OnlineLogit {
    const map = this.#local.get(core) ?? new OnlineLogit({ ...LOCAL, ...this.#start.local.get(core) });
    this.#local.set(core, map);
    return map;
  }
}

function lineState({ slope, offset }: Line): [number, number] {
  return [slope, offset];
}

function lineOf([slope, offset]: readonly [number, number]): Line {
  return { slope, offset };
}

/** One answer never counts for more than this: a wrong "certain" must not decide alone. */
const MOST_LOSS = 3;

function logLoss(expected: number, quality: number): number {
  const loss = -quality * Math.log(expected) - (1 - quality) * Math.log(1 - expected);
  return Math.min(MOST_LOSS, loss);
}
