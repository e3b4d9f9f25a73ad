import type { Millis } from '../../../syscalls/syscall.js';
import type { PendingCall, SchedulableCore } from '../../policy.js';

/** The priorities 0 to 9, and above them calls whose deadline is near. */
export const URGENT = 10;

/** What calls are served by where slots are short, an entry a call. */
export interface Claims {
  /** Whole numbers from 0: a larger one goes first, even if others would gain more. */
  readonly rank: readonly number[];
  /** Share of the time to being overdue that has passed, 0 to 1: it decides between calls of one rank. */
  readonly waited: readonly number[];
  readonly overdue: readonly boolean[];
}

/**
 * Overdue calls go first, the oldest before all others; then calls by urgency.
 *
 * @param calls in order of acceptance
 * @param urgencyOf 0 to 10
 */
export function claimsOf(
  calls: readonly PendingCall[],
  now: Millis,
  overdueMs: Millis,
  urgencyOf: (call: PendingCall) => number,
): Claims {
  const overdue = calls.map(({ since }) => now - since >= overdueMs);
  const rank = calls.map(urgencyOf);
  const newestFirst = [...calls.keys()]
    .filter((i) => overdue[i])
    .sort((a, b) => calls[b]!.since - calls[a]!.since || b - a);
  for (const [place, i] of newestFirst.entries()) rank[i] = URGENT + 1 + place;
  const waited = calls.map(({ since }) => Math.min(1, (now - since) / Math.max(1, overdueMs)));
  return { rank, waited, overdue };
}

/** Pairs of call and core in the order in which a queue starts them. */
export function byClaim(chosen: ReadonlyMap<number, number>, { rank, waited }: Claims): [number, number][] {
  return [...chosen].sort(([a], [b]) => rank[b]! - rank[a]! || waited[b]! - waited[a]! || a - b);
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
  const urgent = classes
    .toReversed()
    .flat()
    .slice(0, most - half);
  const chosen = new Set([...usable.slice(0, half).keys(), ...urgent]);
  return {
    calls: [...chosen].sort((a, b) => a - b).map((i) => usable[i] as PendingCall),
    rest: () => usable.filter((_, i) => !chosen.has(i)),
  };
}
