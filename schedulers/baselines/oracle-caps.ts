import type { CoreId } from '../../syscalls/syscall.js';
import { assignmentOf, priceAssignment } from '../eccos/assign/priced-assignment.js';
import { candidates } from '../eccos/policy/candidates.js';
import type { Assignment, SchedulerPolicy, SchedulingSnapshot } from '../policy.js';
import type { Known } from './oracle.js';

/** Knows the outcomes and keeps no slot idle: each tick the best total score that the free slots allow, then the least cost. */
export function oracleUnderCaps(known: Known): SchedulerPolicy {
  return {
    name: 'oracle-caps',
    schedule({ pending, cores }: SchedulingSnapshot): readonly Assignment[] {
      const slots = cores.map((core) => core.free);
      const { calls } = candidates(pending, cores, slots, () => 0);
      if (calls.length === 0) return [];
      const cells = calls.flatMap((call) => cores.map(({ id }) => known(call, id)));
      const cost = cells.map((cell) => cell?.costUsd ?? 0);
      const priced = priceAssignment({
        n: calls.length,
        m: cores.length,
        cost,
        // A core of which nothing is known may serve, but is worth nothing.
        quality: cells.map((cell) => cell?.score ?? 0),
        allowed: calls.flatMap((call) => cores.map(({ id }) => call.eligible.includes(id))),
        caps: slots,
        // One more right answer moves at most one call on each core: it is worth more than all that can cost.
        lambda: (cores.length + 1) * (1e-9 + Math.max(...cost)),
      });
      const assignment = assignmentOf(priced);
      return calls.flatMap((call, i) => {
        const core = cores[assignment[i] as number]?.id as CoreId | undefined;
        return core === undefined
          ? []
          : [{ syscallId: call.id, core, reason: 'best for all under the caps, as known' }];
      });
    },
  };
}
