import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { CoreInfo } from '../../../syscalls/cores.js';
import { promptOf } from '../../../syscalls/llm-chat.js';
import { costOf } from '../../../syscalls/price.js';
import type { Encoder } from '../encoder/encoder.js';
import type { PartitionName } from '../retrieval/case-store.js';
import type { Estimate } from '../retrieval/estimate.js';
import { type BaseLogit, BaseLogits, logitOfMean } from './base-logits.js';
import type { BeliefsState, CoreBelief } from './beliefs.js';
import type { HeadsOutput, TrainedHeads } from './heads.js';
import type { Memory } from './memory.js';
import type { MemoryFolder } from './memory-folder.js';
import { probabilityOf } from './online-logit.js';
import type { AnsweredCall, PredictableCall, Prediction, PredictionSource, Predictor } from './prediction.js';
import { type PromptFeatures, promptFeatures } from './surface-features.js';

/** Prompts that are kept as seen, by hash, at about 5 KB each. */
const MAX_PROMPTS = 4096;
/** Rated answers of a core from which on its own map says more than its prior. */
const FITTED = 20;
/** Most that similar calls weigh beside nets that know the model, and beside those that do not. */
const RETRIEVAL_WEIGHT = { trained: 0.3, untrained: 0.6 } as const;
/** Rated answers after which the memory is saved: a crash costs no more than these. */
const SAVED_EVERY = 500;
/** Rated calls of a core in a partition at which retrieval has half of its weight. */
const RETRIEVAL_HALF = 500;

export interface HybridParts {
  readonly encoder: Encoder;
  readonly heads: TrainedHeads;
  /** Tasks that the nets were trained on; undefined: it is not known which, and every task counts as one of them. */
  readonly tasks: ReadonlySet<string> | undefined;
  readonly memory: Memory;
  /** Keeps the memory: now and then, and at the close. @default it is forgotten */
  readonly folder?: Pick<MemoryFolder, 'save' | 'close'> | undefined;
}

/** What is seen of a prompt. */
interface Sight {
  readonly features: PromptFeatures;
  readonly heads: HeadsOutput;
}

/** What an answer says something about. */
interface Lesson {
  readonly call: AnsweredCall;
  /** Undefined: only its tokens are known. */
  readonly quality: number | undefined;
  /** Usual ratings that it counts for. */
  readonly weight: number;
}

/**
 * Blends, in logit space, trained nets, what feedback has taught about each core, and similar calls that were rated:
 *
 *     logit = belief(deviation) + w (logit(nearest) - logit(mean)),   w = W n / (n + 500)
 *
 * `deviation` is by how much the nets put the prompt above the level of the core, or for a core that they do not know above
 * that of all models; `belief` is that of `Beliefs`, with which a prediction is no more than the mean of its task and core
 * where the nets say nothing; `nearest` and `mean` are those of the n rated calls of the core in this tenant and task.
 */
export class HybridPredictor implements Predictor {
  readonly #parts: HybridParts;
  readonly #base: BaseLogits;
  readonly #sights = new LRUCache<string, Sight>({ max: MAX_PROMPTS });
  /** As they were at the last prediction: an answer names its core by the id only. */
  #cores: readonly CoreInfo[] = [];
  /** Lessons on prompts that are no longer seen: learnt once they are seen again. */
  #late: Lesson[] = [];
  /** Rated answers, and how many of them the last save that began holds. */
  #rated = 0;
  #saved = 0;
  #saving: Promise<void> = Promise.resolve();
  #closed: Promise<void> | undefined;

  constructor(parts: HybridParts) {
    this.#parts = parts;
    this.#base = new BaseLogits(parts.heads.profiles);
  }

  /** Whether the nets were trained on what the core runs. */
  knows(core: CoreInfo): boolean {
    return this.#base.knows(core);
  }

  /** Names of the models that the nets were trained on. */
  get models(): readonly string[] {
    return this.#parts.heads.profiles.map(({ name }) => name);
  }

  /** @throws SyscallError (rejects) where a prompt cannot be encoded */
  async predict(calls: readonly PredictableCall[], cores: readonly CoreInfo[]): Promise<readonly Prediction[][]> {
    this.#cores = cores;
    const late = this.#late;
    this.#late = [];
    const asked = [...calls, ...late.map(({ call }) => call)].map(({ params }) => promptOf(params));
    const sights = await this.#see(asked).catch((error) => {
      this.#late = [...late, ...this.#late];
      throw error;
    });
    for (const [i, lesson] of late.entries()) this.#learnFrom(lesson, sights[calls.length + i] as Sight);
    return calls.map((call, i) => this.#predictOne(call, sights[i] as Sight, cores));
  }

  finished(call: AnsweredCall): void {
    this.#learn({ call, quality: undefined, weight: 1 });
  }

  rated(call: AnsweredCall, quality: number, weight = 1): void {
    this.#learn({ call, quality, weight });
    // What fails here fails in the next `save` too, which somebody waits for.
    if (++this.#rated - this.#saved >= SAVED_EVERY) this.save().catch(() => {});
  }

  learnt(most: number): BeliefsState {
    return this.#parts.memory.beliefs.state(most);
  }

  restore(learnt: BeliefsState): void {
    this.#parts.memory.beliefs.restore(learnt);
  }

  /** @throws SyscallError (rejects) `invalid-config` where the memory cannot be saved */
  save(): Promise<void> {
    const { folder, memory } = this.#parts;
    if (folder === undefined || this.#saved === this.#rated) return this.#saving;
    const before = this.#saved;
    this.#saved = this.#rated;
    // One save at a time: files are not written twice at once.
    this.#saving = this.#saving
      .catch(() => {})
      .then(() => folder.save(memory))
      .catch((error) => {
        this.#saved = Math.min(this.#saved, before);
        throw error;
      });
    return this.#saving;
  }

  /** @throws SyscallError (rejects) `invalid-config` where the memory cannot be saved */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const { encoder, heads, memory, folder } = this.#parts;
    await this.#saving.catch(() => {});
    await Promise.all([encoder.close(), heads.close()]);
    try {
      // Token counts were learnt too, which nobody rated.
      await folder?.save(memory);
    } finally {
      folder?.close();
    }
  }

  async #see(prompts: readonly string[]): Promise<readonly Sight[]> {
    const { encoder, heads } = this.#parts;
    const known = prompts.map((prompt) => this.#sights.get(keyOf(prompt)));
    const fresh = [...new Set(prompts.filter((_, i) => known[i] === undefined))];
    const features = await promptFeatures(encoder, fresh);
    const outputs = await heads.infer(features.map((one) => one.features));
    const seen = new Map(
      fresh.map((prompt, i) => [prompt, { features: features[i] as PromptFeatures, heads: outputs[i] as HeadsOutput }]),
    );
    for (const [prompt, sight] of seen) this.#sights.set(keyOf(prompt), sight);
    return prompts.map((prompt, i) => (known[i] ?? seen.get(prompt)) as Sight);
  }

  #predictOne(call: PredictableCall, { features, heads }: Sight, cores: readonly CoreInfo[]): Prediction[] {
    const base = this.#base.of(heads, cores);
    const ids = cores.map(({ id }) => id);
    const { estimates } = this.#parts.memory.store.estimate(partitionOf(call), features.embedding, ids);
    return cores.map((core, i) => this.#blend(call, core, base[i] as BaseLogit, estimates[i]));
  }

  #blend(call: PredictableCall, core: CoreInfo, base: BaseLogit, estimate: Estimate | undefined): Prediction {
    const belief = this.#beliefOf(call, core, base);
    let logit = belief.logitAt(base.deviation);
    if (estimate !== undefined) {
      const most = RETRIEVAL_WEIGHT[base.source === 'trained' ? 'trained' : 'untrained'];
      const weight = (most * estimate.count) / (estimate.count + RETRIEVAL_HALF);
      logit += weight * (logitOfMean(estimate.nearest.quality) - logitOfMean(estimate.local.quality));
    }
    const tokens = belief.tokensAt(base.logTokens);
    const most = call.params.maxTokens ?? Number.POSITIVE_INFINITY;
    const tokensMean = Math.min(most, tokens.mean);
    return {
      quality: probabilityOf(logit),
      tokensMean,
      tokensP90: Math.min(most, tokens.p90),
      costMean: costOf(core.price, { inputTokens: call.inputTokens, outputTokens: tokensMean }),
      source: sourceOf(base, belief.rated),
      nEffective: estimate?.nEffective ?? 0,
      similarity: estimate?.similarity ?? null,
      ratings: belief.ratedOfTask,
      reliability: belief.reliability,
    };
  }

  #knowsTask(task: string | undefined): boolean {
    const { tasks } = this.#parts;
    return tasks === undefined || (task !== undefined && tasks.has(task));
  }

  #beliefOf(
    { tenant, params: { task } }: Pick<PredictableCall, 'tenant' | 'params'>,
    core: CoreInfo,
    { source, level }: BaseLogit,
  ): CoreBelief {
    const trained = source === 'trained';
    const prior = { level, trained, known: this.#knowsTask(task), tokens: this.#base.tokenPriorOf(core) };
    return this.#parts.memory.beliefs.of({ tenant, task, core: core.id }, prior);
  }

  #learn(lesson: Lesson): void {
    const sight = this.#sights.get(keyOf(promptOf(lesson.call.params)));
    if (sight === undefined) this.#postpone(lesson);
    else this.#learnFrom(lesson, sight);
  }

  #postpone({ call, ...rating }: Lesson): void {
    const params = { messages: [{ role: 'user' as const, content: promptOf(call.params) }], task: call.params.task };
    let room: number = MAX_LATE.characters;
    const fits = (late: Lesson) => {
      room -= promptOf(late.call.params).length;
      return room >= 0;
    };
    const all = [...this.#late, { call: { ...call, params }, ...rating }].slice(-MAX_LATE.lessons);
    this.#late = all.toReversed().filter(fits).toReversed();
  }

  #learnFrom({ call, quality, weight }: Lesson, { features, heads }: Sight): void {
    const place = this.#cores.findIndex(({ id }) => id === call.core);
    // A core that a reload took away.
    if (place < 0) return;
    const core = this.#cores[place] as CoreInfo;
    const base = this.#base.of(heads, this.#cores)[place] as BaseLogit;
    const belief = this.#beliefOf(call, core, base);
    if (quality === undefined) {
      belief.learnTokens(base.logTokens, call.outputTokens);
      return;
    }
    belief.learnQuality(base.deviation, quality, weight);
    const outcome = { score: quality, outputTokens: call.outputTokens };
    this.#parts.memory.store.insert(partitionOf(call), promptOf(call.params), features.embedding, call.core, outcome);
  }
}

/** Most lessons that wait to be learnt, and characters of their prompts; older ones are dropped. */
const MAX_LATE = { lessons: 1024, characters: 2 ** 22 } as const;

/** Prompts may be long, hashes are not. */
function keyOf(prompt: string): string {
  return createHash('sha256').update(prompt, 'utf16le').digest('base64');
}

function partitionOf({ tenant, params: { task = '' } }: Pick<PredictableCall, 'tenant' | 'params'>): PartitionName {
  return { tenant, task };
}

function sourceOf({ source }: BaseLogit, learnt: number): PredictionSource {
  if (source === 'trained' || learnt === 0) return source;
  return learnt >= FITTED ? 'fitted' : 'mean';
}
