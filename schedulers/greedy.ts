import { z } from 'zod';
import { costOf } from '../syscalls/price.js';
import type { CoreId } from '../syscalls/syscall.js';
import { numberText } from './parameters.js';
import type { Assignment, PendingCall, SchedulableCore, SchedulerPolicy, SchedulingSnapshot } from './policy.js';
import { uniform } from './uniform.js';

/** What is left of the cores within one tick. */
interface Slots {
  /** Whether the core has a slot that no call of this tick has taken. */
  readonly isFree: (core: CoreId) => boolean;
  /** Calls that this tick has put on the core so far. */
  readonly taken: (core: CoreId) => number;
}

/** The core of a call that is eligible for a free one; the call waits if it is undefined or full. */
type Choose = (call: PendingCall, slots: Slots) => CoreId | undefined;

/**
 * Places calls one by one, oldest first, until no slot is left.
 *
 * @param reasonOf one line on why the call is on the core
 */
export function inArrivalOrder(
  { pending, cores }: SchedulingSnapshot,
  choose: Choose,
  reasonOf: (call: PendingCall, core: CoreId) => string,
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
    assignments.push({ syscallId: call.id, core, reason: reasonOf(call, core) });
  }
  return assignments;
}

/** Each call, oldest first, takes the core that a rule chooses for it, without regard to the others. */
function greedy(name: string, reason: string, ruleFor: (cores: readonly SchedulableCore[]) => Choose): SchedulerPolicy {
  return { name, schedule: (snapshot) => inArrivalOrder(snapshot, ruleFor(snapshot.cores), () => reason) };
}

/** Always the cheapest eligible core for the call, by its input tokens and an assumed output; waits when that is full. */
export function cheapest(): SchedulerPolicy {
  return greedy('cheapest', 'cheapest eligible core', (cores) => {
    const choose = cheapestOf(cores);
    return (call) => choose(call, () => true);
  });
}

/** The cheapest of the eligible cores that have a free slot. */
export function cheapestFree(): SchedulerPolicy {
  return greedy('cheapest-free', 'cheapest eligible core with a free slot', (cores) => {
    const choose = cheapestOf(cores);
    return (call, { isFree }) => choose(call, isFree);
  });
}

/**
 * Always the eligible core with the highest configured quality, or with the highest output price where some core has no
 * quality; waits when it is full. Equals: the first in config order.
 */
export function strongest(): SchedulerPolicy {
  return greedy('strongest', 'strongest eligible core', (cores) => {
    const rated = cores.every(({ quality }) => quality !== undefined);
    const strength = ({ quality, price }: SchedulableCore) => (rated ? (quality as number) : price.outputPerMTok);
    const order = openCores(cores).sort((a, b) => strength(b) - strength(a));
    return ({ eligible }) => order.find(({ id }) => eligible.includes(id))?.id;
  });
}

/** The eligible core with a free slot that has the smallest share of its cap in use. Equals: the first in config order. */
export function leastLoaded(): SchedulerPolicy {
  const reason = 'eligible core with a free slot and the smallest share of its cap in use';
  return greedy('least-loaded', reason, (cores) => ({ eligible }, { isFree, taken }) => {
    const load = ({ id, cap, running }: SchedulableCore) => (running + taken(id)) / cap;
    const open = cores.filter(({ id }) => isFree(id) && eligible.includes(id));
    return open.sort((a, b) => load(a) - load(b))[0]?.id;
  });
}

/** Parameters of `random`, as texts. */
export const randomParameters = z.strictObject({
  /** Another seed, other draws. */
  seed: numberText(0, 2 ** 32 - 1)
    .pipe(z.int())
    .default(1),
});

/** A multiple of the golden ratio: calls of one seed and of the next do not share their draws. */
const SPREAD = 0x9e3779b1;

/** An eligible core with a free slot, drawn from the call's `seq` and the seed: the same for the same load. */
export function random({ seed }: z.infer<typeof randomParameters>): SchedulerPolicy {
  return greedy('random', 'eligible core with a free slot, drawn', () => ({ seq, eligible }, { isFree }) => {
    const open = eligible.filter(isFree);
    return open[Math.floor(uniform(Math.imul(seed, SPREAD) + seq)() * open.length)];
  });
}

/** A reload may have closed a core for good; no call waits for that. */
function openCores(cores: readonly SchedulableCore[]): SchedulableCore[] {
  return cores.filter(({ cap }) => cap > 0);
}

/** Output tokens that a call is assumed to take, unless its `maxTokens` is lower. */
const ASSUMED_OUTPUT_TOKENS = 256;

/**
 * Finds the cheapest core of a call without looking at all: cores stand in order of output price, and only one with a
 * lower input price can be cheaper than one that stands before it. Equals: the first in that order, then in config order.
 */
function cheapestOf(
  cores: readonly SchedulableCore[],
): (call: PendingCall, isOpen: Slots['isFree']) => CoreId | undefined {
  const order = openCores(cores).sort(
    (a, b) => a.price.outputPerMTok - b.price.outputPerMTok || a.price.inputPerMTok - b.price.inputPerMTok,
  );
  const rivals = order.map(({ price }, i) =>
    order.slice(i + 1).filter((later) => later.price.inputPerMTok < price.inputPerMTok),
  );
  return (call, isOpen) => {
    const first = order.findIndex(({ id }) => call.eligible.includes(id) && isOpen(id));
    let best = order[first];
    if (best === undefined) return undefined;
    for (const rival of rivals[first] as readonly SchedulableCore[]) {
      const { id } = rival;
      if (expectedCost(call, rival) < expectedCost(call, best) && call.eligible.includes(id) && isOpen(id))
        best = rival;
    }
    return best.id;
  };
}

/** Millionths of a US dollar. */
function expectedCost({ inputTokens, params }: PendingCall, { price }: SchedulableCore): number {
  const outputTokens = Math.min(params.maxTokens ?? Infinity, ASSUMED_OUTPUT_TOKENS);
  return costOf(price, { inputTokens, outputTokens });
}
