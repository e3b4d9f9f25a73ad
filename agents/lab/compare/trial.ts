import { bootKernel, defaultConfig, type KernelConfig } from '../../../kernel/boot.js';
import type { CoreConfig } from '../../../kernel/cores/kinds/registry.js';
import type { SchedulerPolicy } from '../../../schedulers/policy.js';
import type { PolicyServices } from '../../../schedulers/registry.js';
import { callsOf, type Load, type PlannedCall } from '../load/load.js';
import { play } from '../load/play.js';
import type { KnownOutcomes } from '../records/known-outcomes.js';
import { type CallRecord, type Rate, recordOf } from './call-record.js';
import type { Trial } from './metrics.js';
import { PolicyFaults } from './policy-faults.js';
import type { TrialPredictors } from './predictors.js';
import type { Source } from './source.js';
import type { Stage } from './stages.js';
import { Timings } from './timings.js';
import { Witness } from './witness.js';
import type { Work } from './work.js';

export interface TrialSetup {
  /** In the order in which the config lists them. */
  readonly cores: readonly CoreConfig[];
  readonly seed: number;
  readonly deps: Source['deps'];
  /** Of these cores and this seed. */
  readonly known: KnownOutcomes;
  readonly createPolicy: (services: PolicyServices) => SchedulerPolicy;
  /** Of this trial alone: it closes them. */
  readonly predictors: TrialPredictors;
  readonly load: Load;
  /** The calls whose answers are rated by their agents. */
  readonly rated: ReadonlySet<PlannedCall>;
  /** What becomes of the time that the policy takes; undefined: it takes none, and none is reported. */
  readonly work: Work | undefined;
  /** Runs as each call ends. */
  readonly onCall: () => void;
}

export interface TrialResult extends Trial {
  /** Slots in use, summed over cores and the time until the last call arrives, milliseconds. */
  readonly busyMs: number;
}

/** One policy on one load: boots a kernel, plays the load against it, and rates the answers. */
export async function runTrial(setup: TrialSetup, stage: Stage): Promise<TrialResult> {
  try {
    return await playTrial(setup, stage);
  } finally {
    await setup.predictors.close();
  }
}

async function playTrial(setup: TrialSetup, stage: Stage): Promise<TrialResult> {
  const { cores, seed, deps, known, createPolicy, predictors, load, rated, work, onCall } = setup;
  const { clock } = stage;
  const witness = new Witness(clock, clock.now() + (load.runs.at(-1)?.at ?? 0));
  const created = createPolicy({
    ...predictors.services,
    known: ({ params, inputTokens }, core) => known(core, params, inputTokens),
  });
  const kernel = await bootKernel(configOf(cores, seed), {
    clock,
    policy: work?.watch(created) ?? created,
    ...(work && { stopwatch: work.stopwatch }),
    ...deps,
    unread: true,
    wrapCore: (core) => witness.watch(core),
  });
  const timings = new Timings(kernel, clock);
  const faults = new PolicyFaults(kernel);
  const places = new Map(load.runs.map((run, place) => [run, place]));
  const rate: Rate = ({ params }, { core, usage }) => {
    const outcome = known(core, params, usage.inputTokens);
    if (outcome === undefined) throw new RangeError(`Nothing is known of this prompt on ${core}`);
    return outcome.score;
  };
  const calls: CallRecord[] = [];
  try {
    const { ports, close } = await stage.connect(kernel, load.agents);
    const played = play(load, ports, clock, (played) => {
      const record = recordOf(played, places.get(played.run) ?? -1, rate, (id) => timings.takeServiceMs(id));
      calls.push(record);
      onCall();
      return rated.has(played.call) ? record.score : undefined;
    });
    await stage.wait(played, () => calls.length);
    // Closing ends what is still open; that it had not ended by itself must be seen in the result.
    const ended = [...calls];
    await close();
    const { outlook, scheduler } = kernel.stats();
    const { fallbacks, invalidAssignments } = scheduler;
    return {
      planned: callsOf(load),
      calls: ended,
      caps: new Map(cores.map(({ id, cap }) => [id, cap])),
      capViolations: witness.capViolations,
      fallbacks,
      faults: faults.all(),
      invalidAssignments,
      alpha: outlook?.alpha ?? null,
      predictedQuality: outlook?.predictedQuality ?? null,
      overhead: work === undefined ? null : timings.overhead(ended, predictors.predictMs()),
      busyMs: witness.busyMs,
    };
  } finally {
    await stage.wait(kernel.stop(), () => 0);
  }
}

function configOf(cores: readonly CoreConfig[], seed: number): KernelConfig {
  const config = defaultConfig();
  return {
    ...config,
    seed,
    cores: [...cores],
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
      ratingsPerSecond: ENOUGH,
    },
  };
}

/** Limits that no load reaches: policies are to be compared, not refusals. */
const ENOUGH = 1e9;
