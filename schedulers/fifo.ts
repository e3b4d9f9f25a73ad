import type { Assignment, SchedulerPolicy, SchedulingSnapshot } from './policy.js';

/** First come, first served: each call, oldest first, goes to the first core of the config's order that can take it now. */
export function fifo(): SchedulerPolicy {
  return {
    name: 'fifo',
    schedule({ pending, cores }: SchedulingSnapshot): readonly Assignment[] {
      const free = new Map(cores.map((core) => [core.id, core.free]));
      let slots = cores.reduce((sum, core) => sum + core.free, 0);
      const assignments: Assignment[] = [];
      for (const call of pending) {
        if (slots === 0) break;
        const core = call.eligible.find((id) => (free.get(id) ?? 0) > 0);
        if (core === undefined) continue;
        free.set(core, (free.get(core) ?? 0) - 1);
        slots--;
        assignments.push({ syscallId: call.id, core, reason: 'first free eligible core in config order' });
      }
      return assignments;
    },
  };
}
