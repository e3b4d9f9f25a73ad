import { z } from 'zod';
import type { CoreId, Millis, Pid, SyscallId } from '../syscalls/syscall.js';
import { decodeLearnt, encodeLearnt, type LearntKind } from './learnt.js';
import type { Assignment, PendingCall, SchedulerPolicy, SchedulingSnapshot } from './policy.js';

/** An agent's place in the ring: the moment of its last turn, of its last preemption, or of its coming. */
interface Place {
  readonly at: Millis;
  /** Decides between places of one moment. */
  readonly order: number;
}

/** A turn of the last decision: when, and the place that the agent gave up for it. */
interface Grant {
  readonly at: Millis;
  readonly place: Place;
}

function isBefore(a: Place, b: Place): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

/**
 * Agents take turns and cores take turns. An agent's own calls keep their order, but a call that no free core can
 * take does not hold back the agent's next one.
 *
 * With n agents waiting, the head of each starts within n starts: an agent that got a slot, lost one, or has just come, is last.
 */
export class RoundRobin implements SchedulerPolicy {
  readonly name = 'round-robin';
  readonly timeSliceMs?: Millis;
  /** Agents that waited at the last decision. One that waits for nothing is forgotten. */
  #places: ReadonlyMap<Pid, Place> = new Map();
  #granted: ReadonlyMap<SyscallId, Grant> = new Map();
  #order = 0;
  /** The core that was used last; the next call looks behind it first. */
  #lastCore: CoreId | undefined;

  constructor(options: { readonly timeSliceMs?: Millis | undefined } = {}) {
    if (options.timeSliceMs !== undefined) this.timeSliceMs = options.timeSliceMs;
  }

  schedule({ now, pending, cores }: SchedulingSnapshot): readonly Assignment[] {
    this.#giveBack(pending);
    const queue = byAgent(pending).map((agent) => ({ place: this.#placeOf(agent), ...agent }));
    queue.sort((a, b) => (isBefore(a.place, b.place) ? -1 : 1));
    const places = new Map(queue.map(({ pid, place }) => [pid, place]));
    this.#places = places;
    const granted = new Map<SyscallId, Grant>();
    this.#granted = granted;

    const order = cores.map((core) => core.id);
    const free = new Map(cores.map((core) => [core.id, core.free]));
    let slots = cores.reduce((sum, core) => sum + core.free, 0);
    const assignments: Assignment[] = [];
    // The queue grows while it is read: an agent with more calls gets in line again.
    for (const agent of queue) {
      if (slots === 0) break;
      const start = order.indexOf(this.#lastCore ?? '') + 1;
      // Slots only get fewer within a tick, so a call that was passed over need not be looked at again.
      for (; agent.next < agent.calls.length; agent.next++) {
        const call = agent.calls[agent.next] as PendingCall;
        const core = nextFree(order, start, free, call);
        if (core === undefined) continue;
        agent.next++;
        free.set(core, (free.get(core) ?? 0) - 1);
        slots--;
        this.#lastCore = core;
        granted.set(call.id, { at: now, place: places.get(agent.pid) ?? agent.place });
        places.set(agent.pid, { at: now, order: this.#order++ });
        assignments.push({ syscallId: call.id, core, reason: `turn of agent ${agent.pid}` });
        queue.push(agent);
        break;
      }
    }
    return assignments;
  }

  snapshot(): Uint8Array {
    const places = [...this.#places].slice(-MOST_PLACES);
    return encodeLearnt(TURNS, {
      ...(this.#lastCore !== undefined && { lastCore: this.#lastCore }),
      order: this.#order,
      places: places.map(([pid, { at, order }]): [number, number, number] => [pid, at, order]),
    });
  }

  restore(bytes: Uint8Array): void {
    const { lastCore, order, places } = decodeLearnt(TURNS, bytes);
    this.#lastCore = lastCore;
    this.#order = order;
    this.#places = new Map(places.map(([pid, at, order]) => [pid, { at, order }]));
  }

  /** A turn that led to no start, since a limit per minute said no, counts for nothing. */
  #giveBack(pending: readonly PendingCall[]): void {
    if (this.#granted.size === 0) return;
    const places = new Map(this.#places);
    for (const { id, pid, since } of pending) {
      const grant = this.#granted.get(id);
      const place = places.get(pid);
      if (grant !== undefined && since <= grant.at && place !== undefined && isBefore(grant.place, place)) {
        places.set(pid, grant.place);
      }
    }
    this.#places = places;
  }

  #placeOf({ pid, cameAt, preemptedAt }: Agent): Place {
    const place = this.#places.get(pid) ?? { at: cameAt, order: this.#order++ };
    return preemptedAt > place.at ? { at: preemptedAt, order: this.#order++ } : place;
  }
}

/** Agents in a snapshot. */
const MOST_PLACES = 4096;

const turns = z.strictObject({
  lastCore: z.string().optional(),
  order: z.number(),
  places: z.array(z.tuple([z.number(), z.number(), z.number()])),
});
const TURNS = { policy: 'round-robin', version: 1, state: turns } as const satisfies LearntKind<typeof turns>;

interface Agent {
  readonly pid: Pid;
  readonly calls: PendingCall[];
  /** When the first of its calls became pending. */
  cameAt: Millis;
  /** When it last lost a core; -Infinity for never. */
  preemptedAt: Millis;
  /** Index of the first call not yet looked at in this tick. */
  next: number;
}

/** Agents in order of their oldest pending call, each with its calls oldest first. */
function byAgent(pending: readonly PendingCall[]): Agent[] {
  const agents = new Map<Pid, Agent>();
  for (const call of pending) {
    const { pid, since, pinned } = call;
    const agent = agents.get(pid) ?? { pid, calls: [], cameAt: since, preemptedAt: Number.NEGATIVE_INFINITY, next: 0 };
    agents.set(pid, agent);
    agent.calls.push(call);
    agent.cameAt = Math.min(agent.cameAt, since);
    if (pinned !== undefined) agent.preemptedAt = Math.max(agent.preemptedAt, since);
  }
  return [...agents.values()];
}

/** The first free core at or cyclically behind `start` that can serve the call. */
function nextFree(
  order: readonly CoreId[],
  start: number,
  free: ReadonlyMap<CoreId, number>,
  call: PendingCall,
): CoreId | undefined {
  for (let step = 0; step < order.length; step++) {
    const core = order[(start + step) % order.length] as CoreId;
    if ((free.get(core) ?? 0) > 0 && call.eligible.includes(core)) return core;
  }
  return undefined;
}
