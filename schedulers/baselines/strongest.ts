import type { SchedulableCore, SchedulerPolicy } from '../policy.js';
import { inArrivalOrder } from './arrival-order.js';

/**
 * Always the strongest eligible core; waits when that is full. Strongest is the one with the highest configured
 * `quality`; where a core lacks one, that with the highest output price, of all cores. Equals: the first in config order.
 */
export function strongest(): SchedulerPolicy {
  return {
    name: 'strongest',
    waitsOnPurpose: 'each call waits for the strongest core',
    schedule(snapshot) {
      const order = strongestFirst(snapshot.cores);
      const reason = 'strongest eligible core';
      return inArrivalOrder(snapshot, ({ eligible }) => order.find(({ id }) => eligible.includes(id))?.id, reason);
    },
  };
}

function strongestFirst(cores: readonly SchedulableCore[]): readonly SchedulableCore[] {
  const rated = cores.every(({ quality }) => quality !== undefined);
  const strength = ({ quality, price }: SchedulableCore) => (rated ? (quality as number) : price.outputPerMTok);
  // A reload may have closed a core for good; nobody waits for that.
  return cores.filter(({ cap }) => cap > 0).sort((a, b) => strength(b) - strength(a));
}
