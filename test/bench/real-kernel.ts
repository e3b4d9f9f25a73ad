import { pino } from 'pino';
import { realClock, stopwatch } from '../../kernel/clock.js';
import { composeKernel } from '../../kernel/container.js';
import { LOCAL } from '../../kernel/principal.js';
import type { SchedulerPolicy } from '../../schedulers/policy.js';
import { ask, LIMITS, TestOutbox } from '../support/kernel.js';
import { ScriptedCore } from '../support/scripted-core.js';

/** A kernel in real time, in process, on cores that answer when told to, with room for so many pending calls. */
export function realKernel(options: { cores: number; cap: number; policy: SchedulerPolicy; pending: number }) {
  const cores = Array.from({ length: options.cores }, (_, n) => new ScriptedCore(`core-${n}`, { cap: options.cap }));
  const limits = { ...LIMITS, pendingTotal: options.pending, pendingPerAgent: options.pending };
  const kernel = composeKernel(
    { policy: options.policy.name, limits },
    {
      clock: realClock,
      stopwatch,
      random: () => 0.5,
      nextId: (seq) => `s${seq}`,
      log: pino({ level: 'silent' }),
      cores,
      policy: options.policy,
    },
  );
  let next = 0;
  return {
    kernel,
    ticks: () => kernel.stats().scheduler.ticks,
    /** Ends the oldest running call of the next core. */
    finishOne() {
      cores[next++ % cores.length]?.requests.shift()?.finish();
    },
    async spawn() {
      const session = kernel.open(LOCAL, new TestOutbox());
      await session.call('agent.hello', { protocol: 1, name: 'bench' });
      return {
        ask: () => void session.call('llm.chat', ask()).catch(() => {}),
        cancel: (seq: number) => session.call('syscall.cancel', { syscallId: `s${seq}` }).catch(() => {}),
      };
    },
  };
}
