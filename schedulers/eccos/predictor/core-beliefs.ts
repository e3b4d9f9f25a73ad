import { LRUCache } from 'lru-cache';
import { OnlineLogit } from './online-logit.js';
import { TokenLearner, type TokenPrior } from './token-learner.js';

/** Tenants x tasks x cores that are kept; those used least recently go first. */
const MAX_BELIEFS = 20_000;

/** What is thought of a core before any of its answers was judged. */
export interface CorePrior {
  /** By how much its logit is known to differ from the base logit. */
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

/**
 * What feedback has taught about each core: one map of logits for a tenant, and on top of it one for each of the
 * tenant's tasks, so that a new task starts from what the tenant's other tasks have shown.
 */
export class CoreBeliefs {
  readonly #beliefs = new LRUCache<string, CoreBelief>({ max: MAX_BELIEFS });

  /** @param prior where it is new */
  of({ tenant, task, core }: Place, prior: CorePrior): { readonly shared: CoreBelief; readonly local: CoreBelief } {
    return {
      shared: this.#at(JSON.stringify([tenant, core]), prior, prior.trained ? TRAINED : UNTRAINED, prior.offset),
      local: this.#at(JSON.stringify([tenant, core, task ?? null]), prior, LOCAL, 0),
    };
  }

  #at(key: string, { tokens }: CorePrior, variances: Variances, offset: number): CoreBelief {
    const known = this.#beliefs.get(key);
    if (known !== undefined) return known;
    const fresh = { logit: new OnlineLogit({ slope: 1, offset, ...variances }), tokens: new TokenLearner(tokens) };
    this.#beliefs.set(key, fresh);
    return fresh;
  }
}

export interface CoreBelief {
  readonly logit: OnlineLogit;
  readonly tokens: TokenLearner;
}

type Variances = Readonly<Record<'slopeVariance' | 'offsetVariance', number>>;

/** How far each map is expected to end up from where it starts: squared standard deviations of slope and offset. */
const TRAINED: Variances = { slopeVariance: 0.05, offsetVariance: 0.25 };
const UNTRAINED: Variances = { slopeVariance: 0.1, offsetVariance: 2 };
const LOCAL: Variances = { slopeVariance: 0.05, offsetVariance: 0.5 };
