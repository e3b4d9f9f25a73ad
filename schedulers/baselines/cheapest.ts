import type { CoreId } from '../../syscalls/syscall.js';
import type { PendingCall, SchedulableCore, SchedulerPolicy } from '../policy.js';
import { inArrivalOrder } from './arrival-order.js';

/** Output tokens that a call is assumed to take, unless its `maxTokens` is lower. */
const ASSUMED_OUTPUT_TOKENS = 256;

/** Always the cheapest eligible core for the call, by its input tokens and an assumed output; waits when that is full. */
export function cheapest(): SchedulerPolicy {
  return {
    name: 'cheapest',
    waitsOnPurpose: 'each call waits for the cheapest core',
    schedule(snapshot) {
      const choose = cheapestOf(snapshot.cores);
      return inArrivalOrder(snapshot, (call) => choose(call, () => true), 'cheapest eligible core');
    },
  };
}

/** The cheapest of the eligible cores that have a free slot. */
export function cheapestFree(): SchedulerPolicy {
  return {
    name: 'cheapest-free',
    schedule(snapshot) {
      const choose = cheapestOf(snapshot.cores);
      const reason = 'cheapest eligible core with a free slot';
      return inArrivalOrder(snapshot, (call, { isFree }) => choose(call, isFree), reason);
    },
  };
}

type Choose = (call: PendingCall, isOpen: (core: CoreId) => boolean) => CoreId | undefined;

/**
 * Finds the cheapest core of a call without looking at all: cores stand in order of output price, and only one with a
 * lower input price can be cheaper than one that stands before it. Equals: the first in that order, then in config order.
 */
function cheapestOf(cores: readonly SchedulableCore[]): Choose {
  const order = cores
    // A reload may have closed a core for good; nobody waits for that.
    .filter(({ cap }) => cap > 0)
    .sort((a, b) => a.price.outputPerMTok - b.price.outputPerMTok || a.price.inputPerMTok - b.price.inputPerMTok);
  const rivals = order.map(({ price }, i) =>
    order.slice(i + 1).filter((later) => later.price.inputPerMTok < price.inputPerMTok),
  );
  return (call, isOpen) => {
    const first = order.findIndex(({ id }) => call.eligible.includes(id) && isOpen(id));
    let best = order[first];
    if (best === undefined) return undefined;
    for (const rival of rivals[first] as readonly SchedulableCore[]) {
      const { id } = rival;
      if (costOf(call, rival) < costOf(call, best) && call.eligible.includes(id) && isOpen(id)) best = rival;
    }
    return best.id;
  };
}

/** Millionths of a US dollar. */
function costOf({ inputTokens, params }: PendingCall, { price }: SchedulableCore): number {
  const outputTokens = Math.min(params.maxTokens ?? Infinity, ASSUMED_OUTPUT_TOKENS);
  return inputTokens * price.inputPerMTok + outputTokens * price.outputPerMTok;
}
