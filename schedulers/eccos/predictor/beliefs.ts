import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { OnlineLogit } from './online-logit.js';
import { TokenLearner, type TokenPrior } from './token-learner.js';

/** What is thought of a core before any of its answers was rated. */
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
  logits: z.array(z.tuple([z.string(), z.string(), z.tuple([number, number, number, number, number, number])])),
  tokens: z.array(z.tuple([z.string(), z.string(), z.tuple([number, number, number, number])])),
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
  readonly #logits = new KeptByTenant<OnlineLogit>();
  readonly #tokens = new KeptByTenant<TokenLearner>();

  static from({ logits, tokens }: BeliefsState): Beliefs {
    const beliefs = new Beliefs();
    for (const [tenant, name, state] of logits) beliefs.#logits.keep(tenant, name, OnlineLogit.from(state));
    for (const [tenant, name, state] of tokens) beliefs.#tokens.keep(tenant, name, TokenLearner.from(state));
    return beliefs;
  }

  /** All that is known. */
  state(): BeliefsState {
    return {
      version: 1,
      logits: this.#logits.all(({ state }) => state),
      tokens: this.#tokens.all(({ state }) => state),
    };
  }

  /** @param prior where it is new */
  of({ tenant, core, task }: Place, { trained, offset, tokens }: CorePrior): CoreBelief {
    const logit = (kind: string, names: readonly unknown[], variances: Variances) =>
      this.#logits.entry(
        tenant,
        JSON.stringify([kind, ...names, trained]),
        () => new OnlineLogit({ slope: 1, offset: 0, ...variances }),
      );
    const token = (...names: readonly unknown[]) =>
      this.#tokens.entry(tenant, JSON.stringify(names), () => new TokenLearner(tokens));
    return new CoreBelief(
      offset,
      [
        logit('task', [task], TASK),
        logit('core', [core], trained ? TRAINED_CORE : NEW_CORE),
        logit('both', [task, core], LOCAL),
      ],
      [token(core), token(task, core)],
    );
  }
}

type Maps = readonly [task: Entry<OnlineLogit>, core: Entry<OnlineLogit>, local: Entry<OnlineLogit>];
type Tokens = readonly [core: Entry<TokenLearner>, local: Entry<TokenLearner>];

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

  /** Rated answers of the core, on any task. */
  get rated(): number {
    return this.#maps[1].value.learnt;
  }

  /** Rated answers of the task, by any core. */
  get ratedOfTask(): number {
    return this.#maps[0].value.learnt;
  }

  /** @param base logit of the nets */
  logitAt(base: number): number {
    return this.#maps.reduce((logit, { value }) => value.at(logit), base + this.#offset);
  }

  /** @param log predicted log(1 + tokens) */
  tokensAt(log: number): { readonly mean: number; readonly p90: number } {
    const [core, local] = this.#tokens;
    return (local.value.learnt > 0 ? local : core).value.at(log);
  }

  learnQuality(base: number, quality: number): void {
    const inputs: number[] = [];
    const outcome = { logit: base + this.#offset, variance: 0 };
    for (const { value } of this.#maps) {
      inputs.push(outcome.logit);
      const { logit, variance } = value.outcomeAt(outcome.logit);
      outcome.logit = logit;
      outcome.variance += variance;
    }
    for (const [i, map] of this.#maps.entries()) {
      map.value.learn(inputs[i] as number, quality, outcome);
      map.keep();
    }
  }

  learnTokens(log: number, tokens: number): void {
    for (const learner of this.#tokens) {
      learner.value.learn(log, tokens);
      learner.keep();
    }
  }
}

type Variances = Readonly<Record<'slopeVariance' | 'offsetVariance', number>>;

/** How far each map is expected to end up from where it starts: squared standard deviations of slope and offset. */
const TASK: Variances = { slopeVariance: 0.05, offsetVariance: 0.25 };
const TRAINED_CORE: Variances = { slopeVariance: 0.02, offsetVariance: 0.1 };
const NEW_CORE: Variances = { slopeVariance: 0.1, offsetVariance: 1 };
const LOCAL: Variances = { slopeVariance: 0.02, offsetVariance: 0.05 };

/** Tenants that are kept, and things of each. */
const MAX = { tenants: 256, things: 4096 } as const;

/** Something by its name, kept or new. */
interface Entry<T> {
  readonly value: T;
  /** Keeps it, as the one used last. What is only looked at takes no room and no turn. */
  keep(): void;
}

/** Named things of tenants, bounded: those kept least recently go first, and no tenant's for another's. */
class KeptByTenant<T extends object> {
  readonly #tenants = new LRUCache<string, LRUCache<string, T>>({ max: MAX.tenants });

  /** @param create where it is not kept */
  entry(tenant: string, name: string, create: () => T): Entry<T> {
    const value = this.#tenants.peek(tenant)?.peek(name) ?? create();
    return { value, keep: () => this.keep(tenant, name, value) };
  }

  keep(tenant: string, name: string, value: T): void {
    const own = this.#tenants.get(tenant) ?? new LRUCache<string, T>({ max: MAX.things });
    own.set(name, value);
    this.#tenants.set(tenant, own);
  }

  /** In an order that is forgotten like this one when it is kept again. */
  all<S>(stateOf: (value: T) => S): [tenant: string, name: string, state: S][] {
    const ofTenant = (tenant: string, own: LRUCache<string, T>) =>
      own.dump().map(([name, { value }]): [string, string, S] => [tenant, name, stateOf(value)]);
    return this.#tenants.dump().flatMap(([tenant, { value }]) => ofTenant(tenant, value));
  }
}
