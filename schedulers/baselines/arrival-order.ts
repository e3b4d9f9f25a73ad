import type { CoreId } from '../../syscalls/syscall.js';
import type { Assignment, PendingCall, SchedulingSnapshot } from '../policy.js';

/** What is left of the cores within one tick. */
export interface Slots {
  /** Whether the core has a slot that no call of this tick has taken. */
  readonly isFree: (core: CoreId) => boolean;
  /** Calls that this tick has put on the core so far. */
  readonly taken: (core: CoreId) => number;
}

/**
 * Places calls one by one, oldest first, until no slot is left.
 *
 * @param choose the core of a call that is eligible for a free one; the call waits if it is undefined or full
 * @param reason one line on why, the same for every call
 */
export function inArrivalOrder(
  { pending, cores }: SchedulingSnapshot,
  choose: (call: PendingCall, slots: Slots) => CoreId | undefined,
  reason: string,
): readonly Assignment[] {
  const free = new Map(cores.map((core) => [core.id, core.free]));
  const taken = new Map<CoreId, number>();
  let slots = cores.reduce((sum, core) => sum + core.free, 0);
  const left: Slots = {
    isFree: (core) => (free.get(core) ?? 0) > 0,
    taken: (core) => taken.get(core) ?? 0,
  };
  const assignments: Assignment[] = [];
  for (const call of pending) {
    if (slots === 0) break;
    // Nearly every call of a long backlog ends here, before the choice is paid for.
    if (!call.eligible.some(left.isFree)) continue;
    const core = choose(call, left);
    if (core === undefined || !left.isFree(core)) continue;
    free.set(core, (free.get(core) ?? 0) - 1);
    taken.set(core, left.taken(core) + 1);
    slots--;
    assignments.push({ syscallId: call.id, core, reason });
  }
  return assignments;
}
