import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { type LogitState, OnlineLogit } from './online-logit.js';
import { TokenLearner, type TokenPrior, type TokenState } from './token-learner.js';

/** Tenants x tasks x cores that are kept; those used least recently go first. */
const MAX_BELIEFS = 20_000;

/** What is thought of a core before any of its answers was judged. */
export interface CorePrior {
  /** By how much its logit is thought to differ from the base logit. */
  readonly offset: number;
  /** Whether the base logit was trained on this model: then feedback moves it less. */
  readonly trained: boolean;
  readonly tokens: TokenPrior;
}

/** Names the calls that share what is learnt. */
export interface Place {
  readonly tenant: string;
  readonly task: string | undefined;
  readonly core: string;
}

const number = z.number();

/** Beliefs as they are saved. */
export const beliefsState = z.strictObject({
  version: z.literal(1),
  logits: z.array(z.tuple([z.string(), z.tuple([number, number, number, number, number, number])])),
  tokens: z.array(z.tuple([z.string(), z.tuple([number, number, number, number])])),
});

type BeliefsState = z.infer<typeof beliefsState>;

/**
 * What feedback has taught, as a chain of maps of logits, each of what the one before makes of it:
 *
 * - of the task: how hard it is for all cores, and how much the difficulty that the nets see means there
 * - of the core, over all tasks of the tenant
 * - of the core on this task.
 *
 * A surprise is shared among them by how unsure each is: one Bayesian model, but for covariances between the maps. A few
 * answers of every core then say much about each, and a new task starts from what others have shown.
 */
export class Beliefs {
  readonly #logits = new LRUCache<string, OnlineLogit>({ max: MAX_BELIEFS });
  readonly #tokens = new LRUCache<string, TokenLearner>({ max: MAX_BELIEFS });

  static from({ logits, tokens }: BeliefsState): Beliefs {
    const beliefs = new Beliefs();
    for (const [key, state] of logits) beliefs.#logits.set(key, OnlineLogit.from(state));
    for (const [key, state] of tokens) beliefs.#tokens.set(key, TokenLearner.from(state));
    return beliefs;
  }

  /** All that is known. */
  state(): BeliefsState {
    return {
      version: 1,
      logits: stateOf<LogitState, OnlineLogit>(this.#logits),
      tokens: stateOf<TokenState, TokenLearner>(this.#tokens),
    };
  }

  /** @param prior where it is new */
  of(place: Place, prior: CorePrior): CoreBelief {
    const { tenant, core, task = null } = place;
    return new CoreBelief(
      prior.offset,
      [
        this.#logit([tenant, task, prior.trained], TASK),
        this.#logit([tenant, core, prior.trained], prior.trained ? TRAINED_CORE : NEW_CORE),
        this.#logit([tenant, task, core, prior.trained], LOCAL),
      ],
      [this.#token([tenant, core], prior.tokens), this.#token([tenant, task, core], prior.tokens)],
    );
  }

  #logit(names: readonly unknown[], variances: Variances): OnlineLogit {
    return at(this.#logits, names, () => new OnlineLogit({ slope: 1, offset: 0, ...variances }));
  }

  #token(names: readonly unknown[], prior: TokenPrior): TokenLearner {
    return at(this.#tokens, names, () => new TokenLearner(prior));
  }
}

type Maps = readonly [task: OnlineLogit, core: OnlineLogit, local: OnlineLogit];
type Tokens = readonly [core: TokenLearner, local: TokenLearner];

/** What is thought of one core on one task. */
export class CoreBelief {
  readonly #offset: number;
  readonly #maps: Maps;
  readonly #tokens: Tokens;

  constructor(offset: number, maps: Maps, tokens: Tokens) {
    this.#offset = offset;
    this.#maps = maps;
    this.#tokens = tokens;
  }

  /** Judged answers of the core, on any task. */
  get judged(): number {
    return this.#maps[1].learnt;
  }

  /** @param base logit of the nets */
  logitAt(base: number): number {
    return this.#maps.reduce((logit, map) => map.at(logit), base + this.#offset);
  }

  /** @param log predicted log(1 + tokens) */
  tokensAt(log: number): { readonly mean: number; readonly p90: number } {
    const [core, local] = this.#tokens;
    return (local.learnt > 0 ? local : core).at(log);
  }

  learnQuality(base: number, quality: number): void {
    const inputs: number[] = [];
    const outcome = { logit: base + this.#offset, variance: 0 };
    for (const map of this.#maps) {
      inputs.push(outcome.logit);
      const { logit, variance } = map.outcomeAt(outcome.logit);
      outcome.logit = logit;
      outcome.variance += variance;
    }
    for (const [i, map] of this.#maps.entries()) map.learn(inputs[i] as number, quality, outcome);
  }

  learnTokens(log: number, tokens: number): void {
    for (const learner of this.#tokens) learner.learn(log, tokens);
  }
}

/** Used last comes last: a cache that is filled in this order forgets in the same order. */
function stateOf<S, T extends { readonly state: S }>(cache: LRUCache<string, T>): [string, S][] {
  return cache.dump().map(([key, { value }]) => [key, value.state]);
}

function at<T extends object>(cache: LRUCache<string, T>, names: readonly unknown[], create: () => T): T {
  const key = JSON.stringify(names);
  const known = cache.get(key);
  if (known !== undefined) return known;
  const fresh = create();
  cache.set(key, fresh);
  return fresh;
}

type Variances = Readonly<Record<'slopeVariance' | 'offsetVariance', number>>;

/** How far each map is expected to end up from where it starts: squared standard deviations of slope and offset. */
const TASK: Variances = { slopeVariance: 0.05, offsetVariance: 0.25 };
const TRAINED_CORE: Variances = { slopeVariance: 0.02, offsetVariance: 0.1 };
const NEW_CORE: Variances = { slopeVariance: 0.1, offsetVariance: 1 };
const LOCAL: Variances = { slopeVariance: 0.02, offsetVariance: 0.05 };
