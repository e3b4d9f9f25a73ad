import { z } from 'zod';
import { type Entry, KeptByTenant } from './kept-by-tenant.js';
import { type LogitPrior, OnlineLogit } from './online-logit.js';
import { TokenLearner, type TokenPrior } from './token-learner.js';

/** What is thought of a core and a task before any answer was rated. */
export interface CorePrior {
  /** Logit of the core's mean quality over all prompts. */
  readonly level: number;
  /** Whether the nets were trained on the core's model: then feedback moves it less. */
  readonly trained: boolean;
  /** Whether the nets were trained on the task: then what they say of a prompt is believed from the beginning. */
  readonly known: boolean;
  readonly tokens: TokenPrior;
}

/** Names the calls that share what is learnt. */
export interface Place {
  readonly tenant: string;
  readonly task: string | undefined;
  readonly core: string;
}

const number = z.number();

/**
 * Beliefs as they are saved. What version 1 says of quality means something else: of such a file only the tokens are
 * taken over.
 */
export const beliefsState = z.strictObject({
  version: z.union([z.literal(1), z.literal(2)]),
  logits: z.array(z.tuple([z.string(), z.string(), z.tuple([number, number, number, number, number, number])])),
  tokens: z.array(z.tuple([z.string(), z.string(), z.tuple([number, number, number, number])])),
});

export type BeliefsState = z.infer<typeof beliefsState>;

/**
 * What ratings have taught, by tenant: the logit of an answer's quality is
 *
 *     level + offset + slope x deviation
 *
 * with the level of the core and the deviation of the prompt as the nets see it (`BaseLogit`). Slope and offset are sums of
 * what is thought of
 *
 * - all tasks that the nets know, or all that they do not
 * - the task: how hard it is, and how much the nets' deviation means there
 * - the core, over all tasks
 * - the core on this task.
 *
 * So each mean of a task and core is pulled towards that of its core and its task, and each prediction towards the mean: where
 * the deviation says nothing of the outcomes the slope goes to 0, and a list of means is left. A surprise is shared among the
 * terms by how unsure each is: one Bayesian model, but for covariances between terms.
 */
export class Beliefs {
  readonly #logits = new KeptByTenant<OnlineLogit>();
  readonly #tokens = new KeptByTenant<TokenLearner>();

  static from(state: BeliefsState): Beliefs {
    const beliefs = new Beliefs();
    beliefs.restore(state);
    return beliefs;
  }

  /** Takes over what was known, in place of what is known of the same. */
  restore({ version, logits, tokens }: BeliefsState): void {
    const current = version === 2 ? logits : [];
    for (const [tenant, name, state] of current) this.#logits.keep(tenant, name, OnlineLogit.from(state));
    for (const [tenant, name, state] of tokens) this.#tokens.keep(tenant, name, TokenLearner.from(state));
  }

  /** All that is known, or what was learnt last of it. @param most terms of each kind */
  state(most?: number): BeliefsState {
    return {
      version: 2,
      logits: this.#logits.all(({ state }) => state, most),
      tokens: this.#tokens.all(({ state }) => state, most),
    };
  }

  /** @param prior where it is new */
  of({ tenant, core, task }: Place, { level, trained, known, tokens }: CorePrior): CoreBelief {
    const term = (kind: string, names: readonly unknown[], prior: LogitPrior) =>
      this.#logits.entry(tenant, JSON.stringify([kind, ...names]), () => new OnlineLogit(prior));
    const token = (...names: readonly unknown[]) =>
      this.#tokens.entry(tenant, JSON.stringify(names), () => new TokenLearner(tokens));
    const { all, task: ofTask, both } = known ? KNOWN : UNKNOWN;
    return new CoreBelief(
      level,
      [
        term('all', [known], all),
        term('task', [task, known], ofTask),
        term('core', [core, trained], trained ? TRAINED_CORE : NEW_CORE),
        term('both', [task, core, known, trained], both),
      ],
      [token(core), token(task, core)],
    );
  }
}

type Terms = readonly [
  all: Entry<OnlineLogit>,
  task: Entry<OnlineLogit>,
  core: Entry<OnlineLogit>,
  both: Entry<OnlineLogit>,
];
type Tokens = readonly [core: Entry<TokenLearner>, local: Entry<TokenLearner>];

/** What is thought of one core on one task. */
export class CoreBelief {
  readonly #level: number;
  readonly #terms: Terms;
  readonly #tokens: Tokens;

  constructor(level: number, terms: Terms, tokens: Tokens) {
    this.#level = level;
    this.#terms = terms;
    this.#tokens = tokens;
  }

  /** Rated answers of the core, on any task. */
  get rated(): number {
    return this.#terms[2].value.learnt;
  }

  /** Rated answers of the task, by any core. */
  get ratedOfTask(): number {
    return this.#terms[1].value.learnt;
  }

  /** Share of a deviation that is believed, 0 to 1. */
  get reliability(): number {
    return Math.min(1, this.#map.slope);
  }

  /** @param deviation by how much the nets put the prompt above the level */
  logitAt(deviation: number): number {
    const { slope, offset } = this.#map;
    return this.#level + offset + slope * deviation;
  }

  /**
   * Sums of the terms. A slope below 0 counts as 0: nets that rank calls the wrong way are as good as none. The offset is then the
   * one expected at this slope: what was learnt of a line through the data is not read off far from them.
   */
  get #map(): { readonly slope: number; readonly offset: number } {
    let [slope, offset, variance, covariance] = [0, 0, 0, 0];
    for (const { value } of this.#terms) {
      const [a, b, vSlope, vBoth] = value.state;
      slope += a;
      offset += b;
      variance += vSlope;
      covariance += vBoth;
    }
    return slope >= 0 ? { slope, offset } : { slope: 0, offset: offset - (slope * covariance) / variance };
  }

  /** @param log predicted log(1 + tokens) */
  tokensAt(log: number): { readonly mean: number; readonly p90: number } {
    const [core, local] = this.#tokens;
    return (local.value.learnt > 0 ? local : core).value.at(log);
  }

  /** @param weight usual ratings that it counts for */
  learnQuality(deviation: number, quality: number, weight = 1): void {
    const outcomes = this.#terms.map(({ value }) => value.outcomeAt(deviation));
    const whole = {
      logit: outcomes.reduce((sum, { logit }) => sum + logit, this.#level),
      variance: outcomes.reduce((sum, { variance }) => sum + variance, 0),
    };
    for (const term of this.#terms) {
      term.value.learn(deviation, quality, { outcome: whole, weight });
      term.keep();
    }
  }

  learnTokens(log: number, tokens: number): void {
    for (const learner of this.#tokens) {
      learner.value.learn(log, tokens);
      learner.keep();
    }
  }
}

/**
 * What each term is before any rating, and how far it is expected to end up from there. Of tasks that the nets do not know:
 * slopes that fit held-out sources best (`schedulers/eccos/README.md`).
 */
const KNOWN = {
  all: prior(1, 0.05, 0.05),
  task: prior(0, 0.1, 0.25),
  both: prior(0, 0.02, 0.05),
} as const;
const UNKNOWN = {
  all: prior(0.25, 0.15, 0.5),
  task: prior(0, 0.05, 0.3),
  both: prior(0, 0.01, 0.2),
} as const;
const TRAINED_CORE = prior(0, 0.02, 0.1);
const NEW_CORE = prior(0, 0.1, 1);

function prior(slope: number, slopeVariance: number, offsetVariance: number): LogitPrior {
  return { slope, offset: 0, slopeVariance, offsetVariance };
}
