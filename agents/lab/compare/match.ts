import { infoOf } from '../../../kernel/cores/core-config.js';
import { inputTokensOf } from '../../../kernel/tokens.js';
import { createPolicy, type PolicyServices } from '../../../schedulers/registry.js';
import { SyscallError } from '../../../syscalls/errors.js';
import type { CoreId } from '../../../syscalls/syscall.js';
import { type Load, type PlannedCall, speedUp } from '../load/load.js';
import { Random } from '../load/random.js';
import { sumOf } from '../metrics/statistics.js';
import { type KnownOutcomes, knownOutcomes, remembering } from '../records/known-outcomes.js';
import { taskMeans } from '../records/task-means.js';
import { lacksAlpha, quality, withParameter } from './aim.js';
import { WatchedRoundRobin } from './alpha.js';
import { type Contender, inOrder, parseContender } from './contender.js';
import type { SeedPoint } from './frontier.js';
import { type Needs, NO_NEEDS, needsOf } from './needs.js';
import type { CompareOptions } from './options.js';
import { Predictors } from './predictors.js';
import type { RecordNumbers } from './record-draws.js';
import { recordedSource } from './recorded-source.js';
import { SeedBounds } from './seed-bounds.js';
import { simulatedCores } from './simulated-cores.js';
import type { Source } from './source.js';
import { liveStage, type Stage, virtualStage } from './stages.js';
import { syntheticSource } from './synthetic-source.js';
import { runTrial, type TrialResult, type TrialSetup } from './trial.js';
import { measuredWork, modelledWork, realWork, type Work } from './work.js';

/** What a comparison finds out before its trials, the same for all of them. */
export interface MatchRules {
  readonly speed: number;
  /** For policies that aim at a mean quality and were not given one; null: there are none. */
  readonly alpha: number | null;
}

/** Everything that the trials of a comparison share: contenders, load and predictors. */
export class Match {
  readonly contenders: readonly Contender[];
  readonly source: Source;
  readonly #options: CompareOptions;
  readonly #needs: ReadonlyMap<Contender, Needs>;
  readonly #predictors: Predictors;
  /** Where a contender asks for them. */
  #means: Pick<PolicyServices, 'means'> = {};
  /** Of the last seed. */
  #knownOf: { readonly seed: number; readonly known: Promise<KnownOutcomes> } | undefined;
  /** Of the last seeds, at speed 1: every policy gets the same. */
  readonly #loads = new Map<number, Load>();

  private constructor(
    options: CompareOptions,
    source: Source,
    needs: ReadonlyMap<Contender, Needs>,
    encoderThreads: number,
  ) {
    const { predictor, learn = false, live, measure } = options;
    this.contenders = [...needs.keys()];
    this.source = source;
    this.#options = options;
    this.#needs = needs;
    const { prompts, cores } = source;
    this.#predictors = new Predictors({
      folder: predictor,
      learn,
      time: live ? 'real' : measure ? 'measured' : 'modelled',
      threads: encoderThreads,
      neighbours: prompts && { records: () => source.examples(), models: new Set(cores.map(({ id }) => id)) },
    });
  }

  /**
   * @param encoderThreads that encode ahead. Encoding takes longer than playing: one would keep the trials waiting while a second
   * core idles
   * @throws SyscallError `invalid-config` for options that do not fit together, or bad files
   */
  static async open(options: CompareOptions, encoderThreads = 2): Promise<Match> {
    const { policies, modules, data } = options;
    const recorded = data.length > 0;
    const contenders = policies.map((spec) => parseContender(spec, modules));
    const needs = contenders.map((one) => [one, one.module ? NO_NEEDS : needsOf(one.policy, recorded)] as const);
    const source = await (recorded
      ? recordedSource(options)
      : syntheticSource(options, await simulatedCores(options.config)));
    const match = new Match(options, source, new Map(needs), encoderThreads);
    try {
      await match.#openPredictors();
      return match;
    } catch (error) {
      await match.close();
      throw error;
    }
  }

  /** The load of a seed. The first time that it is asked for, its prompts begin to be encoded, behind those of others. */
  load(seed: number, speed: number): Load {
    return speedUp(this.#loads.get(seed) ?? this.#draw(seed), speed);
  }

  /** Draws the load of a seed, and has its prompts encoded. */
  #draw(seed: number): Load {
    for (const old of this.#loads.keys()) if (this.#loads.size >= KEPT_LOADS) this.#loads.delete(old);
    const load = this.source.draw(new Random(seed));
    this.#loads.set(seed, load);
    this.#predictors.encodeAhead(load.runs.flatMap(({ calls }) => calls.map(({ prompt }) => prompt)));
    return load;
  }

  /** Whether a contender needs a quality to aim at. */
  get wantsAlpha(): boolean {
    return [...this.#needs.values()].some((needs) => needs.alpha);
  }

  /** One contender on the load of a seed. */
  play(contender: Contender, seed: number, rules: MatchRules, onCall: () => void): Promise<TrialResult> {
    const { live = false, measure = false } = this.#options;
    const time = live ? { stage: liveStage(), work: realWork } : virtually(measure);
    return this.#play(contender, seed, rules, time, onCall);
  }

  /** Mean quality of the answers of a contender on the first load, in virtual time. */
  async reached(contender: Contender, rules: MatchRules): Promise<number> {
    const { calls } = await this.#play(contender, 1, rules, virtually(false), () => {});
    return meanScore(calls);
  }

  async #play(
    { policy, coreOrder, module }: Contender,
    seed: number,
    { speed, alpha }: MatchRules,
    { stage, work }: { readonly stage: Stage; readonly work: Work },
    onCall: () => void,
  ): Promise<TrialResult> {
    const load = this.load(seed, speed);
    const spec =
      alpha !== null && module === undefined && lacksAlpha(policy)
        ? withParameter(policy, 'alpha', quality(alpha))
        : policy;
    return runTrial(
      {
        ...(await this.#setup(seed, load, work)),
        cores: inOrder(this.source.cores, coreOrder),
        createPolicy: (services) => module?.create() ?? createPolicy(spec, { ...services, ...this.#means }),
        rated: ratedCalls(load, seed, this.#options.feedback),
        onCall,
      },
      stage,
    );
  }

  /** What each core makes of the whole load of a seed by itself, without caps: one a core, in order. @param numbers of its records */
  async singles(seed: number, numbers: RecordNumbers): Promise<ReadonlyMap<CoreId, SeedPoint>> {
    const known = await this.#known(seed);
    const calls = this.#callsOf(seed);
    const record = Int32Array.from(calls, ({ prompt }) => numbers.of(prompt));
    const points = this.source.cores.map(({ id }) => {
      const outcomes = calls.map(({ params, inputTokens }) => known(id, params, inputTokens));
      return [
        id,
        {
          quality: sumOf(outcomes.map((one) => one?.score ?? Number.NaN)) / calls.length,
          costUsd: sumOf(outcomes.map((one) => one?.costUsd ?? Number.NaN)),
          meanTurnaroundMs: null,
          calls: {
            record,
            score: Float64Array.from(outcomes, (one) => one?.score ?? Number.NaN),
            costUsd: Float64Array.from(outcomes, (one) => one?.costUsd ?? Number.NaN),
            turnaroundMs: new Float64Array(calls.length).fill(Number.NaN),
          },
        },
      ] as const;
    });
    return new Map(points);
  }

  /** What the calls of a seed could come to; undefined: no contender predicts. The predictor is that of the first one that does. */
  async bounds(seed: number): Promise<SeedBounds | undefined> {
    const [folders] = [...this.#needs.values()].flatMap(({ predictors }) => predictors);
    if (folders === undefined) return undefined;
    const { cores } = this.source;
    const calls = this.#callsOf(seed);
    const predictable = calls.map(({ params, inputTokens }) => ({ tenant: TENANT, params, inputTokens }));
    const infos = cores.map((core) => infoOf(core, NO_ABILITIES));
    const rows = await this.#predictors.forecast(folders, predictable, infos);
    const known = await this.#known(seed);
    return new SeedBounds(
      cores,
      calls.map(({ promptId, params, inputTokens }, i) => ({
        promptId,
        inputTokens,
        predicted: (rows[i] ?? []).map(({ quality, costMean, tokensMean }) => ({
          quality,
          costUsd: costMean,
          outputTokens: tokensMean,
        })),
        known: cores.map(({ id }) => {
          const outcome = known(id, params, inputTokens);
          return outcome && { ...outcome, quality: outcome.score };
        }),
      })),
    );
  }

  /** Milliseconds that slots are in use, summed, under round-robin, until the last call arrives. */
  async roundRobinBusyMs(load: Load): Promise<number> {
    const { busyMs } = await this.#trial({
      ...(await this.#setup(1, load)),
      createPolicy: () => createPolicy('round-robin'),
    });
    return busyMs;
  }

  /**
   * Mean quality of the answers of round-robin on the first load, and the mean that is predicted of the cores that it chooses, by
   * the predictor of the first contender that needs a quality to aim at.
   */
  async roundRobinQuality(speed: number): Promise<{ readonly predicted: number; readonly realised: number }> {
    const [folders = {}] = [...this.#needs.values()].find((needs) => needs.alpha)?.predictors ?? [];
    const { predictedQuality, calls } = await this.#trial({
      ...(await this.#setup(1, this.load(1, speed))),
      createPolicy: ({ predictor }) => new WatchedRoundRobin(predictor(folders)),
    });
    return { predicted: predictedQuality ?? 0, realised: meanScore(calls) };
  }

  async close(): Promise<void> {
    await this.#predictors.close();
  }

  async #setup(seed: number, load: Load, work?: Work): Promise<Omit<TrialSetup, 'createPolicy'>> {
    const { cores, deps } = this.source;
    return {
      cores,
      seed,
      deps,
      known: await this.#known(seed),
      predictors: this.#predictors.forTrial(work),
      load,
      rated: new Set(),
      work,
      onCall() {},
    };
  }

  #callsOf(seed: number) {
    const calls = this.load(seed, 1).runs.flatMap((run) => run.calls);
    return calls.map(({ promptId, prompt, params }) => ({
      promptId,
      prompt,
      params,
      inputTokens: inputTokensOf(params),
    }));
  }

  /** Drawn once, however many policies play the seed. */
  #known(seed: number): Promise<KnownOutcomes> {
    const { cores, deps } = this.source;
    if (this.#knownOf?.seed !== seed) {
      this.#knownOf = { seed, known: knownOutcomes(cores, { ...deps, seed }).then(remembering) };
    }
    return this.#knownOf.known;
  }

  /** What a comparison must know beforehand: nothing but the cores takes time. */
  #trial(setup: TrialSetup): Promise<TrialResult> {
    return runTrial(setup, virtualStage());
  }

  /** Opens all predictors, before any work. What they were trained on says nothing about them. */
  async #openPredictors(): Promise<void> {
    const { prompts = [], cores } = this.source;
    for (const { predictors, neighbours, means } of this.#needs.values()) {
      for (const folders of predictors) this.#refuseSeen(await this.#predictors.seen(folders, prompts), prompts.length);
      if (!neighbours && !means) continue;
      const examples = await this.source.examples();
      const remembered = new Set(examples.map(({ prompt }) => prompt));
      this.#refuseSeen(prompts.filter((prompt) => remembered.has(prompt)).length, prompts.length);
      const models = new Map(cores.map(({ id, profile }) => [id, profile ?? id]));
      const table = taskMeans(examples, models);
      if (means) this.#means = { means: () => table };
    }
  }

  #refuseSeen(seen: number, prompts: number): void {
    if (seen === 0 || this.#options.split === 'all') return;
    throw new SyscallError(
      'invalid-config',
      `--data: Expected records that the predictor was not trained on, got ${seen} of ${prompts} that it was; --all takes them all the same`,
    );
  }
}

/** Whose calls they are in a kernel without tokens. */
const TENANT = 'local';
/** No prediction looks at them. */
const NO_ABILITIES = { tools: false, responseFormat: false, supportsPrefix: false };

/** Of the answers that have a score. */
function meanScore(calls: TrialResult['calls']): number {
  const scores = calls.flatMap(({ score }) => score ?? []);
  return sumOf(scores) / Math.max(1, scores.length);
}

function virtually(measure: boolean): { readonly stage: Stage; readonly work: Work } {
  const stage = virtualStage();
  return { stage, work: measure ? measuredWork(stage.clock) : modelledWork(stage.clock) };
}

/** The load that is played, and those that come next. */
const KEPT_LOADS = 3;

/**
 * The calls of a load whose answers are rated: one draw a call by seed and place, the same for every policy.
 *
 * @param share of the answers, 0 to 1
 */
function ratedCalls({ runs }: Load, seed: number, share: number): ReadonlySet<PlannedCall> {
  const random = new Random(seed).stream('feedback');
  return new Set(runs.flatMap(({ calls }) => calls.filter(() => random.next() < share)));
}
