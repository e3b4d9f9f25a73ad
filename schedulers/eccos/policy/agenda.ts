import type { CoreId, Millis } from '../../../syscalls/syscall.js';
import type { PendingCall, SchedulableCore, SchedulingSnapshot } from '../../policy.js';
import { URGENT } from './claims.js';
import type { ServiceTimes } from './service-times.js';

/** A deadline is near when it is so many usual answers away. */
const NEAR = 3;

/** What a tick decides on. */
export interface Agenda extends Candidates {
  readonly now: Millis;
  readonly cores: readonly SchedulableCore[];
  readonly ids: readonly CoreId[];
  /** Free ones of each core. */
  readonly slots: readonly number[];
  /** Time pending after which a call goes before all others. */
  readonly overdueMs: Millis;
  /** Seconds by which a call is ahead of its program's share; 0: it is its turn. */
  readonly aheadS: (call: PendingCall) => number;
  /** Priority, and above all priorities calls whose deadline is near. */
  readonly urgencyOf: (call: PendingCall) => number;
}

/**
 * Chooses the calls that a tick decides on.
 *
 * @param secondsAhead of each pending call, as `aheadS` says; undefined: it is every call's turn
 */
export function agendaOf(
  { now, pending, cores }: SchedulingSnapshot,
  overdueMs: Millis,
  times: Pick<ServiceTimes, 'mean'>,
  aheadS: Agenda['aheadS'],
  secondsAhead: Float64Array | undefined,
): Agenda {
  const ids = cores.map(({ id }) => id);
  const usual = ids.map((id) => times.mean(id) ?? 0);
  const near = now + NEAR * Math.max(0, ...usual);
  const urgencyOf = ({ expiresAt = Infinity, priority }: PendingCall) => (expiresAt < near ? URGENT : priority);
  const slots = cores.map(({ free }) => free);
  return {
    now,
    cores,
    ids,
    slots,
    overdueMs,
    aheadS,
    urgencyOf,
    ...candidates(pending, cores, urgencyOf, secondsAhead),
  };
}

/** Pairs of call and core that one solve looks at: 2,048 calls on 12 cores. */
const MOST_PAIRS = 24_576;
/** Calls for each free slot from which the solver may choose. */
const CALLS_A_SLOT = 4;
const FEWEST = 64;

/** The calls that a tick decides on. */
export interface Candidates {
  /** Those whose turn is next first, and of them in the order given. */
  readonly calls: readonly PendingCall[];
  /** What else could use a free slot, in the same order. */
  readonly rest: () => readonly PendingCall[];
  /** Calls that wait for each core and cannot use any free slot: one that waits for several counts in part for each. */
  readonly ahead: readonly number[];
}

/**
 * The calls that a tick decides on with care: those that could use a free slot, and of a long backlog the first half and
 * the most urgent half. Bounded by counts, so that the time of a tick is bounded without a clock.
 *
 * @param urgencyOf 0 to 10
 * @param secondsAhead by which each call is ahead of its program's share; undefined: it is every call's turn
 */
export function candidates(
  pending: readonly PendingCall[],
  cores: readonly SchedulableCore[],
  urgencyOf: (call: PendingCall) => number,
  secondsAhead?: Float64Array,
): Candidates {
  const places = new Map(cores.map(({ id }, j) => [id, j]));
  const ahead = new Array<number>(cores.length).fill(0);
  const total = cores.reduce((sum, { free }) => sum + free, 0);
  if (total === 0) return { calls: [], rest: () => [], ahead };
  const most = Math.min(Math.max(FEWEST, CALLS_A_SLOT * total), Math.ceil(MOST_PAIRS / cores.length));
  const free = new Set(cores.filter((core) => core.free > 0).map(({ id }) => id));
  const usable: number[] = [];
  // Each tick comes here with all that is pending: nothing is made for a call, and most find a free core at once.
  for (let i = 0; i < pending.length; i++) {
    const { eligible } = pending[i] as PendingCall;
    if (hasAny(eligible, free)) usable.push(i);
    else for (const core of eligible) ahead[places.get(core) as number]! += 1 / eligible.length;
  }
  const callsOf = (chosen: readonly number[]) => chosen.map((i) => pending[i] as PendingCall);
  if (usable.length <= most) return { calls: callsOf(nextInTurn(usable, secondsAhead)), rest: () => [], ahead };

  const chosen = new Set(nextInTurn(usable, secondsAhead, Math.ceil(most / 2)));
  const classes: number[][] = Array.from({ length: URGENT + 1 }, () => []);
  for (const i of usable) if (!chosen.has(i)) classes[urgencyOf(pending[i] as PendingCall)]!.push(i);
  for (const members of classes.reverse()) {
    for (const i of nextInTurn(members, secondsAhead, most - chosen.size)) chosen.add(i);
  }
  const others = () => usable.filter((i) => !chosen.has(i));
  const inOrder = [...chosen].sort((a, b) => a - b);
  return {
    calls: callsOf(nextInTurn(inOrder, secondsAhead)),
    rest: () => callsOf(nextInTurn(others(), secondsAhead)),
    ahead,
  };
}

/** So many places of those whose turn is next, the first one first. @param places in order */
function nextInTurn(
  places: readonly number[],
  secondsAhead: Float64Array | undefined,
  most = places.length,
): readonly number[] {
  if (secondsAhead === undefined || most === 0) return places.slice(0, most);
  let next = places;
  if (most < places.length) {
    // To sort numbers is quick, to sort places by a number is not: only those that are taken are put in order.
    const last = new Float64Array(places.map((i) => secondsAhead[i]!)).sort()[most - 1]!;
    const before = places.filter((i) => secondsAhead[i]! < last);
    next = [...before, ...places.filter((i) => secondsAhead[i] === last).slice(0, most - before.length)];
  }
  return next.toSorted((a, b) => secondsAhead[a]! - secondsAhead[b]! || a - b);
}

function hasAny(eligible: readonly CoreId[], free: ReadonlySet<CoreId>): boolean {
  for (const core of eligible) if (free.has(core)) return true;
  return false;
}
