import type { CoreId, Millis } from '../../../syscalls/syscall.js';
import { probabilityOf } from '../predictor/online-logit.js';
import type { EccosLearnt } from './eccos-learnt.js';

/** Answers of a core before the time of a usual one is believed. */
const ENOUGH = 5;
/** Weight of the newest answer. */
const STEP = 0.05;
/** Answers that the prediction of tokens is worth against what was seen of them. */
const PRIOR = 20;

interface Times {
  readonly count: number;
  readonly ttftMs: Millis;
  readonly tpotMs: Millis;
  /** Of a whole answer. */
  readonly meanMs: Millis;
  /** Output tokens, and those that were predicted of the same answers. */
  readonly tokens: number;
  readonly predicted: number;
}

const UNKNOWN: Times = { count: 0, ttftMs: 0, tpotMs: 0, meanMs: 0, tokens: 0, predicted: 0 };

/** An answer as it turned out. */
export interface Timed {
  /** Start to first token. */
  readonly ttftMs: Millis;
  /** First token to the end. */
  readonly restMs: Millis;
  readonly tokens: number;
  /** Tokens that were predicted of it. */
  readonly predicted: number;
}

/**
 * Seconds of an answer of a core, by its column, that is predicted to have so many tokens; 0 until the core has answered once. The
 * tokens are corrected by what they usually turn out to be there: (N tokens + 20 predicted) / (predicted (N + 20)) times.
 */
export type ExpectedTime = (column: number, tokens: number) => number;

function ratioOf({ count, tokens, predicted }: Times): number {
  return predicted > 0 ? (tokens * count + PRIOR * predicted) / (predicted * (count + PRIOR)) : 1;
}

/** How long each core takes: running means of time to first token, and of time per output token after it. */
export class ServiceTimes {
  readonly #times = new Map<CoreId, Times>();

  get learnt(): EccosLearnt['times'] {
    return [...this.#times].map(([core, { count, ttftMs, tpotMs, meanMs, tokens, predicted }]) => [
      core,
      [count, ttftMs, tpotMs, meanMs, tokens, predicted],
    ]);
  }

  restore(learnt: EccosLearnt['times']): void {
    for (const [core, [count, ttftMs, tpotMs, meanMs, tokens, predicted]] of learnt) {
      this.#times.set(core, { count, ttftMs, tpotMs, meanMs, tokens, predicted });
    }
  }

  learn(core: CoreId, { ttftMs, restMs, tokens, predicted }: Timed): void {
    const old = this.#times.get(core) ?? UNKNOWN;
    const { count } = old;
    const step = Math.max(STEP, 1 / (count + 1));
    const toward = (mean: number, value: number) => mean + step * (value - mean);
    this.#times.set(core, {
      count: count + 1,
      ttftMs: toward(old.ttftMs, ttftMs),
      tpotMs: toward(old.tpotMs, restMs / Math.max(1, tokens - 1)),
      meanMs: toward(old.meanMs, ttftMs + restMs),
      tokens: toward(old.tokens, tokens),
      predicted: toward(old.predicted, predicted),
    });
  }

  /** TTFT + TPOT x tokens, which vary little; undefined until the core has answered once. */
  duration(core: CoreId, tokens: number): Millis | undefined {
    const times = this.#times.get(core);
    return times && times.ttftMs + times.tpotMs * tokens;
  }

  /** As they stand until the next answer is learnt. */
  expected(cores: readonly CoreId[]): ExpectedTime {
    const known = cores.map((core) => {
      const times = this.#times.get(core);
      return times && { ttftMs: times.ttftMs, tpotMs: times.tpotMs, ratio: ratioOf(times) };
    });
    return (column, tokens) => {
      const times = known[column];
      if (times === undefined || !Number.isFinite(tokens)) return 0;
      return (times.ttftMs + times.tpotMs * tokens * times.ratio) / 1000;
    };
  }

  /** Of a usual answer; undefined until the core has answered a few times. */
  mean(core: CoreId): Millis | undefined {
    const times = this.#times.get(core);
    return times !== undefined && times.count >= ENOUGH ? times.meanMs : undefined;
  }
}

/** Standard deviation of the logarithm of how long an answer takes, and where its 90 % quantile lies. */
const SPREAD = 0.5;
const Z90 = 1.2816;

/** Probability that an answer takes longer than `slack`, where one in ten takes longer than `p90`; 0 where that is not known. */
export function lateness(p90: Millis, slack: Millis): number {
  if (!(p90 > 0)) return 0;
  if (slack <= 0) return 1;
  return normalCdf(-(Z90 + Math.log(slack / p90) / SPREAD));
}

/** The normal distribution to 1.4e-4: Page, "Approximations to the cumulative normal function", 1977. */
export function normalCdf(z: number): number {
  return probabilityOf(1.5976 * z + 0.070566 * z ** 3);
}
