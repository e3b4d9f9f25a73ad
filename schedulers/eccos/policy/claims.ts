import type { PendingCall } from '../../policy.js';
import type { Agenda } from './agenda.js';

/** The priorities 0 to 9, and above them calls whose deadline is near. */
export const URGENT = 10;

/** What calls are served by where slots are short, an entry a call. */
export interface Claims {
  /** Whole numbers from 0: a larger one goes first, even if others would gain more. */
  readonly rank: readonly number[];
  /** Share of the time to being overdue that has passed, 0 to 1: it decides between calls of one rank. */
  readonly waited: readonly number[];
  readonly overdue: readonly boolean[];
  /** Seconds that each call has waited for its turn in a queue; negative: it is ahead of its program's share. */
  readonly waitedS: readonly number[];
}

/**
 * Overdue calls go first, the oldest before all others; then calls by urgency. A call that is ahead of its program's share is
 * not overdue, however long it waits.
 *
 * @param calls those whose turn is next first, and of them the oldest
 */
export function claimsOf(
  calls: readonly PendingCall[],
  { now, overdueMs, urgencyOf, aheadS }: Pick<Agenda, 'now' | 'overdueMs' | 'urgencyOf' | 'aheadS'>,
): Claims {
  const pendingMs = calls.map(({ since }) => now - since);
  const ahead = calls.map(aheadS);
  const overdue = pendingMs.map((ms, i) => ms >= overdueMs && ahead[i] === 0);
  const rank = calls.map(urgencyOf);
  const newestFirst = [...calls.keys()]
    .filter((i) => overdue[i])
    .sort((a, b) => calls[b]!.since - calls[a]!.since || b - a);
  for (const [place, i] of newestFirst.entries()) rank[i] = URGENT + 1 + place;
  const waited = pendingMs.map((ms, i) => (ahead[i] === 0 ? Math.min(1, ms / Math.max(1, overdueMs)) : 0));
  const waitedS = pendingMs.map((ms, i) => ms / 1000 - ahead[i]!);
  return { rank, waited, overdue, waitedS };
}

/** Pairs of call and core in the order in which a queue starts them. */
export function byClaim(chosen: ReadonlyMap<number, number>, { rank, waited }: Claims): [number, number][] {
  return [...chosen].sort(([a], [b]) => rank[b]! - rank[a]! || waited[b]! - waited[a]! || a - b);
}
