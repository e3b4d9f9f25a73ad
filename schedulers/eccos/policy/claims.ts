import type { Millis } from '../../../syscalls/syscall.js';
import type { PendingCall } from '../../policy.js';

/** The priorities 0 to 9, and above them calls whose deadline is near. */
export const URGENT = 10;

/** What calls are served by where slots are short, an entry a call. */
export interface Claims {
  /** Whole numbers from 0: a larger one goes first, even if others would gain more. */
  readonly rank: readonly number[];
  /** Share of the time to being overdue that has passed, 0 to 1: it decides between calls of one rank. */
  readonly waited: readonly number[];
  readonly overdue: readonly boolean[];
  readonly pendingMs: readonly Millis[];
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
  const pendingMs = calls.map(({ since }) => now - since);
  const overdue = pendingMs.map((ms) => ms >= overdueMs);
  const rank = calls.map(urgencyOf);
  const newestFirst = [...calls.keys()]
    .filter((i) => overdue[i])
    .sort((a, b) => calls[b]!.since - calls[a]!.since || b - a);
  for (const [place, i] of newestFirst.entries()) rank[i] = URGENT + 1 + place;
  const waited = pendingMs.map((ms) => Math.min(1, ms / Math.max(1, overdueMs)));
  return { rank, waited, overdue, pendingMs };
}

/** Pairs of call and core in the order in which a queue starts them. */
export function byClaim(chosen: ReadonlyMap<number, number>, { rank, waited }: Claims): [number, number][] {
  return [...chosen].sort(([a], [b]) => rank[b]! - rank[a]! || waited[b]! - waited[a]! || a - b);
}
