import { bootKernel, type KernelConfig } from '../../kernel/boot.js';
import type { LLMCore } from '../../kernel/cores/core.js';
import type { CoreId } from '../../syscalls/syscall.js';
import { callsOf, type Load } from '../load/load.js';
import { play } from '../load/play.js';
import { type CallRecord, type Judge, recordOf } from './call-record.js';
import type { Trial } from './metrics.js';
import { ServiceTimes } from './service-times.js';
import type { Source } from './source.js';
import type { Stage } from './stages.js';
import { Witness } from './witness.js';

export interface TrialSetup {
  /** Policy, cores in order, seed, limits. */
  readonly config: KernelConfig;
  readonly deps: Source['deps'];
  readonly load: Load;
  /** Told of each call as it ends. */
  readonly onCall: () => void;
}

export interface TrialResult extends Trial {
  /** Slots in use, summed over cores and time, milliseconds. */
  readonly busyMs: number;
}

/** One policy on one load: boots a kernel, plays the load against it, and judges what came back. */
export async function runTrial({ config, deps, load, onCall }: TrialSetup, stage: Stage): Promise<TrialResult> {
  const { clock } = stage;
  const cores = new Map<CoreId, LLMCore>();
  const witness = new Witness(clock);
  const kernel = await bootKernel(config, {
    clock,
    ...deps,
    wrapCore(core) {
      cores.set(core.info.id, core);
      return witness.watch(core);
    },
  });
  const service = new ServiceTimes(kernel, clock);
  const places = new Map(load.runs.map((run, place) => [run, place]));
  const judge: Judge = ({ params }, { core, usage }) => {
    const known = cores.get(core)?.known?.(params, usage.inputTokens);
    if (known === undefined) throw new RangeError(`Nothing is known of this prompt on ${core}`);
    return known.score;
  };
  const calls: CallRecord[] = [];
  try {
    const { ports, close } = await stage.connect(kernel, load.agents);
    const played = play(load, ports, clock, (call) => {
      calls.push(recordOf(call, places.get(call.run) ?? -1, judge, (id) => service.take(id)));
      onCall();
    });
    await stage.wait(played, () => calls.length);
    // Closing ends what is still open; that it had not ended by itself must be seen in the result.
    const ended = [...calls];
    await close();
    const { decisionMs } = kernel.stats().scheduler;
    return {
      planned: callsOf(load),
      calls: ended,
      capViolations: witness.capViolations,
      decisionMs: stage.live ? decisionMs : null,
      busyMs: witness.busyMs,
    };
  } finally {
    await stage.wait(kernel.stop(), () => 0);
  }
}
