import type { CoreInfo } from '../../../syscalls/cores.js';
import type { ModelProfile } from './artefact.js';
import type { HeadsOutput } from './heads.js';
import { logitOf } from './online-logit.js';
import type { PredictionSource } from './prediction.js';
import type { TokenPrior } from './token-learner.js';

/** What is thought of a core's answer to one prompt before any of its own feedback is looked at. */
export interface BaseLogit {
  readonly source: Extract<PredictionSource, 'trained' | 'prior' | 'pool'>;
  /** Logit of the core's mean quality over all prompts: of its model's training, of its config, or that of the other cores. */
  readonly level: number;
  /** By how much the nets put the logit of this prompt above the level. */
  readonly deviation: number;
  /** Expected log(1 + output tokens). */
  readonly logTokens: number;
}

/** Where neither config nor any other core says anything. */
const EVEN = 0.5;
/** Log-normal with a standard deviation of .7. */
const UNKNOWN_TOKENS: TokenPrior = { smearing: Math.exp(0.7 ** 2 / 2), p90Residual: 1.2816 * 0.7 };

/** Knows which cores run a trained model, and what to think of those that do not. */
export class BaseLogits {
  /** By name: the profile, and its place in the heads' output. */
  readonly #models: ReadonlyMap<string, ModelProfile & { readonly place: number }>;
  /** Mean over the trained models of the logit of their mean score. */
  readonly #centre: number;

  /** @param profiles of the trained models, in the order of the heads' output */
  constructor(profiles: readonly ModelProfile[]) {
    this.#models = new Map(profiles.map((profile, place) => [profile.name, { ...profile, place }]));
    this.#centre = meanOf(profiles.map(({ meanScore }) => logitOfMean(meanScore)));
  }

  /** Whether the core runs a model that the nets were trained on. */
  knows(core: CoreInfo): boolean {
    return this.#modelOf(core) !== undefined;
  }

  /** By its profile; else by its id, which is the name that a recorder gives to what the core made of own traffic. */
  #modelOf({ profile = '', id }: CoreInfo) {
    return this.#models.get(profile) ?? this.#models.get(id);
  }

  /**
   * One a core. The level of an unknown core is the `quality` of its config, or the mean of the other cores; by how much
   * the prompt is easier than others is then the mean over the trained models.
   *
   * @param heads what the nets say of the prompt
   */
  of(heads: HeadsOutput, cores: readonly CoreInfo[]): BaseLogit[] {
    const difficulty = meanOf(heads.logits);
    const length = meanOf(heads.logTokens);
    const known = cores.flatMap((core) => this.#modelOf(core)?.meanScore ?? core.quality ?? []);
    const pool = known.length === 0 ? EVEN : meanOf(known);
    return cores.map((core) => {
      const model = this.#modelOf(core);
      if (model !== undefined) {
        const [logit, logTokens] = [heads.logits[model.place] as number, heads.logTokens[model.place] as number];
        const level = logitOfMean(model.meanScore);
        return { source: 'trained', level, deviation: logit - level, logTokens };
      }
      const source = core.quality === undefined ? 'pool' : 'prior';
      const level = logitOfMean(core.quality ?? pool);
      return { source, level, deviation: difficulty - this.#centre, logTokens: length };
    });
  }

  /** What the spread of a core's tokens is taken to be before its own are known. */
  tokenPriorOf(core: CoreInfo): TokenPrior {
    return this.#modelOf(core) ?? UNKNOWN_TOKENS;
  }
}

/** Of a quality that was measured or is configured: a mean of 0 or 1 over few answers is no certainty. */
export function logitOfMean(quality: number): number {
  return logitOf(quality, 0.001);
}

/** 0 of nothing. */
function meanOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] as number;
  return values.length === 0 ? 0 : sum / values.length;
}
