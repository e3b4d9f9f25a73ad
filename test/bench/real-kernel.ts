import { realClock } from '../../kernel/clock.js';
import type { SchedulerPolicy } from '../../schedulers/policy.js';
import { ask, kernelOn, spawnOn } from '../support/kernel.js';
import { ScriptedCore } from '../support/scripted-core.js';

/** A kernel in real time, in process, on cores that answer on demand, with room for so many pending calls. */
export function realKernel(options: { cores: number; cap: number; policy: SchedulerPolicy; pending: number }) {
  const cores = Array.from({ length: options.cores }, (_, n) => new ScriptedCore(`core-${n}`, { cap: options.cap }));
  const limits = { pendingTotal: options.pending, pendingPerAgent: options.pending };
  const kernel = kernelOn(realClock, cores, { policy: options.policy, limits });
  let next = 0;
  return {
    ticks: () => kernel.stats().scheduler.ticks,
    /** Ends the oldest running call of the next core. */
    finishOne() {
      cores[next++ % cores.length]?.requests.shift()?.finish();
    },
    async spawn() {
      const { session } = await spawnOn(kernel);
      return {
        ask: () => void session.call('llm.chat', ask()).catch(() => {}),
        cancel: (seq: number) => session.call('syscall.cancel', { syscallId: `s${seq}` }).catch(() => {}),
      };
    },
  };
}
