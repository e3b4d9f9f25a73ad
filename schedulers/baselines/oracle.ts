import type { CoreId } from '../../syscalls/syscall.js';
import type { Assignment, PendingCall, SchedulerPolicy, SchedulingSnapshot } from '../policy.js';

/** What would become of a call on a core; undefined: nobody knows. */
export type Known = (
  call: PendingCall,
  core: CoreId,
) => { readonly score: number; readonly costUsd: number } | undefined;

/**
 * Knows the outcomes: each call waits for the cheapest of the cores that answer it best. No policy can be better and
 * cheaper, only sooner.
 */
export function oracle(known: Known): SchedulerPolicy {
  return {
    name: 'oracle',
    waitsOnPurpose: 'each call waits for the core that is known to be best',
    schedule({ pending, cores }: SchedulingSnapshot): readonly Assignment[] {
      const free = new Map(cores.map((core) => [core.id, core.free]));
      const assignments: Assignment[] = [];
      for (const call of pending) {
        const core = cheapestOfBest(call, known);
        const slots = free.get(core) ?? 0;
        if (slots === 0) continue;
        free.set(core, slots - 1);
        assignments.push({ syscallId: call.id, core, reason: 'cheapest of the cores that answer it best, as known' });
      }
      return assignments;
    },
  };
}

/** Equals: the first. A core of which nothing is known comes last. */
function cheapestOfBest(call: PendingCall, known: Known): CoreId {
  const of = (core: CoreId) => known(call, core) ?? { score: -1, costUsd: Infinity };
  return call.eligible.reduce((best, core) => {
    const [a, b] = [of(core), of(best)];
    return a.score > b.score || (a.score === b.score && a.costUsd < b.costUsd) ? core : best;
  });
}
