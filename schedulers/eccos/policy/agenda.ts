import type { CoreId, Millis } from '../../../syscalls/syscall.js';
import type { PendingCall, SchedulableCore, SchedulingSnapshot } from '../../policy.js';
import { URGENT } from './claims.js';
import type { ServiceTimes } from './service-times.js';

/** A deadline is near when it is so many usual answers away. */
const NEAR = 3;

/** What decides besides prices. */
export interface TickRules {
  /** Time pending after which a call goes before all others. */
  readonly overdueMs: Millis;
  /** Calls that each core's queue may hold beyond its free slots. */
  readonly queueAhead: number;
  /** Share of its `deadlineMs` that a call may wait for a cheaper core, 0 to 1. */
  readonly patience: number;
}

/** What a tick decides on. */
export interface Agenda extends Candidates {
  readonly now: Millis;
  readonly cores: readonly SchedulableCore[];
  readonly ids: readonly CoreId[];
  readonly rules: TickRules;
  /** Calls that each core can start now, and the places in its queue. */
  readonly slots: readonly number[];
  /** Priority, and above all priorities calls whose deadline is near. */
  readonly urgencyOf: (call: PendingCall) => number;
}

/** Chooses the calls that a tick decides on. */
export function agendaOf(
  { now, pending, cores }: SchedulingSnapshot,
  rules: TickRules,
  times: Pick<ServiceTimes, 'mean'>,
): Agenda {
  const ids = cores.map(({ id }) => id);
  const usual = ids.map((id) => times.mean(id) ?? 0);
  const near = now + NEAR * Math.max(0, ...usual);
  const urgencyOf = ({ expiresAt = Infinity, priority }: PendingCall) => (expiresAt < near ? URGENT : priority);
  // A core that is closed though nothing runs there has no queue to wait in: nothing says when it opens.
  const slots = cores.map(({ free, running, cap }) =>
    free > 0 || (cap > 0 && running >= cap) ? free + rules.queueAhead : 0,
  );
  return { now, cores, ids, rules, slots, urgencyOf, ...candidates(pending, cores, slots, urgencyOf) };
}

/** Pairs of call and core that one solve looks at: 2,048 calls on 12 cores. */
const MOST_PAIRS = 24_576;
/** Calls for each free slot from which the solver may choose. */
const CALLS_A_SLOT = 4;
const FEWEST = 64;

/** The calls that a tick decides on. */
export interface Candidates {
  /** In order of acceptance. */
  readonly calls: readonly PendingCall[];
  /** What else could use a slot, in order of acceptance. */
  readonly rest: () => readonly PendingCall[];
}

/**
 * The calls that a tick decides on with care: those that could use a slot, and of a long backlog the oldest half and the
 * most urgent half. Bounded by counts, so that the time of a tick is bounded without a clock.
 *
 * @param pending in order of acceptance
 * @param slots places of each core now
 * @param urgencyOf 0 to 10
 */
export function candidates(
  pending: readonly PendingCall[],
  cores: readonly SchedulableCore[],
  slots: readonly number[],
  urgencyOf: (call: PendingCall) => number,
): Candidates {
  const open = new Set(cores.filter((_, j) => (slots[j] as number) > 0).map(({ id }) => id));
  const total = slots.reduce((sum, count) => sum + count, 0);
  const most = Math.min(Math.max(FEWEST, CALLS_A_SLOT * total), Math.ceil(MOST_PAIRS / cores.length));
  const usable = open.size === 0 ? [] : pending.filter(({ eligible }) => eligible.some((core) => open.has(core)));
  if (usable.length <= most) return { calls: usable, rest: () => [] };

  const half = Math.ceil(most / 2);
  const classes: number[][] = Array.from({ length: URGENT + 1 }, () => []);
  for (let i = half; i < usable.length; i++) {
    const members = classes[urgencyOf(usable[i] as PendingCall)] as number[];
    if (members.length < most - half) members.push(i);
  }
  const mostUrgentFirst = classes.toReversed().flat();
  const chosen = new Set([...usable.slice(0, half).keys(), ...mostUrgentFirst.slice(0, most - half)]);
  return {
    calls: [...chosen].sort((a, b) => a - b).map((i) => usable[i] as PendingCall),
    rest: () => usable.filter((_, i) => !chosen.has(i)),
  };
}
