import { test } from 'vitest';
import type { SchedulerPolicy } from '../../../schedulers/policy.js';
import { CALLS, storm } from './storm.js';

/** Wants far more of every core than its cap, and something else at every tick: the queues alone keep the caps. */
function restless(): SchedulerPolicy {
  let tick = 0;
  return {
    name: 'a policy that overfills and reshuffles all queues',
    schedule({ pending }) {
      tick++;
      return pending.slice(0, 30).map(({ id, seq, eligible }) => ({
        syscallId: id,
        core: eligible[(seq + tick) % eligible.length] as string,
        reason: 'restless',
      }));
    },
  };
}

test(
  `${CALLS} random syscalls under a policy that overfills and reshuffles the queues: each ends once, caps hold, nothing is left`,
  () => storm(restless()),
  240_000,
);
