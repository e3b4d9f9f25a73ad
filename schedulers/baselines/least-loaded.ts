import type { SchedulerPolicy } from '../policy.js';
import { inArrivalOrder } from './arrival-order.js';

/** The eligible core with a free slot that has the smallest share of its cap in use. Equals: the first in config order. */
export function leastLoaded(): SchedulerPolicy {
  return {
    name: 'least-loaded',
    schedule(snapshot) {
      return inArrivalOrder(
        snapshot,
        ({ eligible }, { isFree, taken }) => {
          const load = ({ id, cap, running }: (typeof snapshot.cores)[number]) => (running + taken(id)) / cap;
          const open = snapshot.cores.filter(({ id }) => isFree(id) && eligible.includes(id));
          return open.toSorted((a, b) => load(a) - load(b))[0]?.id;
        },
        'eligible core with a free slot and the smallest share of its cap in use',
      );
    },
  };
}
