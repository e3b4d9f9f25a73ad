import { defaultConfig, type KernelConfig } from '../../../kernel/boot.js';
import { createPolicy } from '../../../schedulers/registry.js';
import { SyscallError } from '../../../syscalls/errors.js';
import type { CoreId } from '../../../syscalls/syscall.js';
import { type Load, speedUp } from '../load/load.js';
import { Random } from '../load/random.js';
import { withParameter } from './aim.js';
import { WatchedRoundRobin } from './alpha.js';
import { type Contender, inOrder, parseContender } from './contender.js';
import { judgedCalls } from './feedback.js';
import type { SeedPoint } from './frontier.js';
import { type Needs, NO_NEEDS, needsOf } from './needs.js';
import type { CompareOptions } from './options.js';
import { Predictors } from './predictors.js';
import { recordedSource } from './recorded-source.js';
import { singlesOf } from './singles.js';
import type { Source } from './source.js';
import { liveStage, virtualStage } from './stages.js';
import { syntheticSource } from './synthetic-source.js';
import { runTrial, type TrialResult, type TrialSetup } from './trial.js';

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
  readonly #config: KernelConfig;
  readonly #needs: ReadonlyMap<Contender, Needs>;
  readonly #predictors: Predictors;
  /** Of the last seeds, at speed 1: every policy gets the same. */
  readonly #loads = new Map<number, Load>();

  private constructor(
    options: CompareOptions,
    config: KernelConfig,
    source: Source,
    needs: ReadonlyMap<Contender, Needs>,
  ) {
    const { predictor, learn, live, measure } = options;
    this.contenders = [...needs.keys()];
    this.source = source;
    this.#options = options;
    this.#config = config;
    this.#needs = needs;
    const { examples, cores } = source;
    this.#predictors = new Predictors({
      folder: predictor,
      learn,
      time: live ? 'real' : measure ? 'measured' : 'ignored',
      neighbours: examples && { records: examples, models: new Set(cores.map(({ id }) => id)) },
    });
  }

  /** @throws SyscallError `invalid-config` for options that do not fit together, or bad files */
  static async open(options: CompareOptions): Promise<Match> {
    const { policies, modules, data } = options;
    const recorded = data.length > 0;
    const contenders = policies.map((spec) => parseContender(spec, modules));
    const needs = contenders.map((one) => [one, one.module ? NO_NEEDS : needsOf(one.policy, recorded)] as const);
    const config = defaultConfig();
    const source = await (recorded ? recordedSource(options) : syntheticSource(options, config.cores));
    const match = new Match(options, config, source, new Map(needs));
    try {
      await match.#openPredictors();
      return match;
    } catch (error) {
      await match.close();
      throw error;
    }
  }

  /** The load of a seed. */
  load(seed: number, speed: number): Load {
    return speedUp(this.#loads.get(seed) ?? this.expect(seed), speed);
  }

  /** Draws the load of a seed that is played soon, and has its prompts encoded meanwhile. */
  expect(seed: number): Load {
    for (const old of this.#loads.keys()) if (this.#loads.size >= KEPT_LOADS) this.#loads.delete(old);
    const load = this.source.draw(new Random(seed));
    this.#loads.set(seed, load);
    this.#predictors.encodeAhead(load.runs.flatMap(({ calls }) => calls.map(({ prompt }) => prompt)));
    return load;
  }

  /** Whether a contender needs to be told what quality to aim at. */
  get wantsAlpha(): boolean {
    return [...this.#needs.values()].some((needs) => needs.alpha);
  }

  /** One contender on the load of a seed. */
  play(contender: Contender, seed: number, { speed, alpha }: MatchRules, onCall: () => void): Promise<TrialResult> {
    const { policy, coreOrder, module } = contender;
    const load = this.load(seed, speed);
    const told = alpha !== null && this.#needs.get(contender)?.alpha === true;
    const spec = told ? withParameter(policy, 'alpha', alpha) : policy;
    const { feedback, live, measure } = this.#options;
    return this.#trial(
      {
        ...this.#setup(seed, load),
        config: this.#configOf(seed, coreOrder),
        createPolicy: (services) => module?.create() ?? createPolicy(spec, services),
        judged: judgedCalls(load, seed, feedback),
        measure: measure || live,
        onCall,
      },
      live,
    );
  }

  /** What each core makes of the load of a seed by itself. */
  singles(seed: number): Promise<ReadonlyMap<CoreId, SeedPoint>> {
    const { cores, deps } = this.source;
    return singlesOf(this.load(seed, 1), seed, cores, deps);
  }

  /** Milliseconds that slots are in use, summed, under round-robin, until the last call arrives. */
  async roundRobinBusyMs(load: Load): Promise<number> {
    const { busyMs } = await this.#trial({ ...this.#setup(1, load), createPolicy: () => createPolicy('round-robin') });
    return busyMs;
  }

  /**
   * Mean quality that is predicted of the cores that round-robin chooses on the first load, by the predictor of the first
   * contender that wants to be told.
   */
  async roundRobinQuality(speed: number): Promise<number> {
    const [folders = {}] = [...this.#needs.values()].find((needs) => needs.alpha)?.predictors ?? [];
    const { predictedQuality } = await this.#trial({
      ...this.#setup(1, this.load(1, speed)),
      createPolicy: ({ predictor }) => new WatchedRoundRobin(predictor(folders)),
    });
    return predictedQuality ?? 0;
  }

  async close(): Promise<void> {
    await this.#predictors.close();
  }

  #setup(seed: number, load: Load): Omit<TrialSetup, 'createPolicy'> {
    return {
      config: this.#configOf(seed, 'given'),
      deps: this.source.deps,
      predictors: this.#predictors.forTrial(),
      load,
      judged: new Set(),
      measure: false,
      onCall() {},
    };
  }

  #trial(setup: TrialSetup, live = false): Promise<TrialResult> {
    return runTrial(setup, live ? liveStage() : virtualStage());
  }

  /** Opens all predictors, before any work. What they were trained on says nothing about them. */
  async #openPredictors(): Promise<void> {
    const { prompts = [], examples = [] } = this.source;
    for (const { predictors, neighbours } of this.#needs.values()) {
      for (const folders of predictors) this.#refuseSeen(await this.#predictors.seen(folders, prompts), prompts.length);
      if (!neighbours) continue;
      const remembered = new Set(examples.map(({ prompt }) => prompt));
      this.#refuseSeen(prompts.filter((prompt) => remembered.has(prompt)).length, prompts.length);
    }
  }

  #refuseSeen(seen: number, prompts: number): void {
    if (seen === 0 || this.#options.split === 'all') return;
    throw new SyscallError(
      'invalid-config',
      `--data: Expected records that the predictor was not trained on, got ${seen} of ${prompts} that it was; --all takes them all the same`,
    );
  }

  #configOf(seed: number, coreOrder: Contender['coreOrder']): KernelConfig {
    const config = this.#config;
    return {
      ...config,
      seed,
      cores: [...inOrder(this.source.cores, coreOrder)],
      listen: { ...config.listen, port: 0 },
      log: { level: 'error' },
      limits: {
        ...config.limits,
        maxAgents: ENOUGH,
        socketsPerAddress: ENOUGH,
        pendingPerAgent: ENOUGH,
        pendingTotal: ENOUGH,
        pendingBytes: ENOUGH,
        requestsPerSecond: ENOUGH,
      },
    };
  }
}

/** The load that is played, and the one that comes next. */
const KEPT_LOADS = 2;

/** Limits that no load meets: policies are to be compared, not refusals. */
const ENOUGH = 1e9;
