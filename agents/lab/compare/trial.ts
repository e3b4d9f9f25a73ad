import { bootKernel, type KernelConfig } from '../../../kernel/boot.js';
import type { LLMCore } from '../../../kernel/cores/core.js';
import type { SchedulerPolicy } from '../../../schedulers/policy.js';
import type { PolicyServices } from '../../../schedulers/registry.js';
import type { CoreId } from '../../../syscalls/syscall.js';
import { callsOf, type Load, type PlannedCall } from '../load/load.js';
import { play } from '../load/play.js';
import { type CallRecord, type Judge, recordOf } from './call-record.js';
import type { Trial } from './metrics.js';
import { Overhead } from './overhead.js';
import { PolicyFaults } from './policy-faults.js';
import type { TrialPredictors } from './predictors.js';
import { ServiceTimes } from './service-times.js';
import type { Source } from './source.js';
import type { Stage } from './stages.js';
import { Witness } from './witness.js';

export interface TrialSetup {
  /** Cores in order, seed, limits. */
  readonly config: KernelConfig;
  readonly deps: Source['deps'];
  readonly createPolicy: (services: PolicyServices) => SchedulerPolicy;
  /** Of this trial alone: it closes them. */
  readonly predictors: TrialPredictors;
  readonly load: Load;
  /** The calls whose answers are judged by their agents. */
  readonly judged: ReadonlySet<PlannedCall>;
  /** Whether real time is measured, in virtual time too. */
  readonly measure: boolean;
  /** Told of each call as it ends. */
  readonly onCall: () => void;
}

export interface TrialResult extends Trial {
  /** Slots in use, summed over cores and the time until the last call arrives, milliseconds. */
  readonly busyMs: number;
}

/** One policy on one load: boots a kernel, plays the load against it, and judges what came back. */
export async function runTrial(setup: TrialSetup, stage: Stage): Promise<TrialResult> {
  try {
    return await playTrial(setup, stage);
  } finally {
    await setup.predictors.close();
  }
}

async function playTrial(setup: TrialSetup, stage: Stage): Promise<TrialResult> {
  const { config, deps, createPolicy, predictors, load, judged, measure, onCall } = setup;
  const { clock } = stage;
  const cores = new Map<CoreId, LLMCore>();
  const witness = new Witness(clock, clock.now() + (load.runs.at(-1)?.at ?? 0));
  const policy = createPolicy({
    ...predictors.services,
    known: ({ params, inputTokens }, core) => cores.get(core)?.known?.(params, inputTokens),
  });
  const kernel = await bootKernel(config, {
    clock,
    policy,
    ...deps,
    wrapCore(core) {
      cores.set(core.info.id, core);
      return witness.watch(core);
    },
  });
  const service = new ServiceTimes(kernel, clock);
  const overhead = new Overhead(kernel);
  const faults = new PolicyFaults(kernel);
  const places = new Map(load.runs.map((run, place) => [run, place]));
  const judge: Judge = ({ params }, { core, usage }) => {
    const known = cores.get(core)?.known?.(params, usage.inputTokens);
    if (known === undefined) throw new RangeError(`Nothing is known of this prompt on ${core}`);
    return known.score;
  };
  const calls: CallRecord[] = [];
  try {
    const { ports, close } = await stage.connect(kernel, load.agents);
    const played = play(load, ports, clock, (played) => {
      const record = recordOf(played, places.get(played.run) ?? -1, judge, (id) => service.take(id));
      calls.push(record);
      onCall();
      return judged.has(played.call) ? record.score : undefined;
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
      capViolations: witness.capViolations,
      fallbacks,
      faults: faults.all(),
      invalidAssignments,
      alpha: outlook?.alpha ?? null,
      predictedQuality: outlook?.predictedQuality ?? null,
      overhead: measure ? overhead.figures(ended, predictors.predictMs()) : null,
      busyMs: witness.busyMs,
    };
  } finally {
    await stage.wait(kernel.stop(), () => 0);
  }
}
