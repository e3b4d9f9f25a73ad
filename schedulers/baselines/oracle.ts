import type { CoreId } from '../../syscalls/syscall.js';
import { assignmentOf, priceAssignment } from '../eccos/assign/priced-assignment.js';
import { candidates } from '../eccos/policy/agenda.js';
import { inArrivalOrder } from '../greedy.js';
import type { PendingCall, SchedulerPolicy } from '../policy.js';

/** The outcome of a call on a core; undefined: it is not known. */
export type Known = (
  call: PendingCall,
  core: CoreId,
) => { readonly score: number; readonly costUsd: number } | undefined;

/**
 * Knows the outcomes: each call waits for the cheapest of the cores that answer it best. No policy can be better and
 * cheaper, only sooner.
 */
export function oracle(known: Known): SchedulerPolicy {
  const reason = 'cheapest of the cores that answer it best, as known';
  return {
    name: 'oracle',
    schedule: (snapshot) =>
      inArrivalOrder(
        snapshot,
        (call) => cheapestOfBest(call, known),
        () => reason,
      ),
  };
}

/** Equals: the first. An unknown core comes last. */
function cheapestOfBest(call: PendingCall, known: Known): CoreId {
  const of = (core: CoreId) => known(call, core) ?? { score: -1, costUsd: Infinity };
  return call.eligible.reduce((best, core) => {
    const [a, b] = [of(core), of(best)];
    return a.score > b.score || (a.score === b.score && a.costUsd < b.costUsd) ? core : best;
  });
}

/** Knows the outcomes and keeps no slot idle: each tick the best total score that the free slots allow, then the least cost. */
export function oracleUnderCaps(known: Known): SchedulerPolicy {
  return {
    name: 'oracle-caps',
    schedule({ pending, cores }) {
      const slots = cores.map((core) => core.free);
      const { calls } = candidates(pending, cores, () => 0);
      if (calls.length === 0) return [];
      const cells = calls.flatMap((call) => cores.map(({ id }) => known(call, id)));
      const cost = cells.map((cell) => cell?.costUsd ?? 0);
      const priced = priceAssignment({
        n: calls.length,
        m: cores.length,
        cost,
        // An unknown core may serve, but is worth nothing.
        quality: cells.map((cell) => cell?.score ?? 0),
        allowed: calls.flatMap((call) => cores.map(({ id }) => call.eligible.includes(id))),
        caps: slots,
        // One more right answer moves at most one call on each core: it is worth more than all that can cost.
        lambda: (cores.length + 1) * (1e-9 + Math.max(...cost)),
      });
      const assignment = assignmentOf(priced);
      const reason = 'best for all under the caps, as known';
      return calls.flatMap(({ id: syscallId }, i) => {
        const core = cores[assignment[i] as number]?.id;
        return core === undefined ? [] : [{ syscallId, core, reason }];
      });
    },
  };
}
