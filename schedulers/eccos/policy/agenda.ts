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
  /** Time pending after which a call goes before all others. */
  readonly overdueMs: Millis;
  /** Seconds by which a call is ahead of its program's share; 0: it is its turn. */
  readonly aheadS: (call: PendingCall) => number;
  /** Priority, and above all priorities calls whose deadline is near. */
  readonly urgencyOf: (call: PendingCall) => number;
}

/** Chooses the calls that a tick decides on. */
export function agendaOf(
  { now, pending, cores }: SchedulingSnapshot,
  overdueMs: Millis,
  times: Pick<ServiceTimes, 'mean'>,
  aheadS: Agenda['aheadS'],
): Agenda {
  const ids = cores.map(({ id }) => id);
  const usual = ids.map((id) => times.mean(id) ?? 0);
  const near = now + NEAR * Math.max(0, ...usual);
  const urgencyOf = ({ expiresAt = Infinity, priority }: PendingCall) => (expiresAt < near ? URGENT : priority);
  // Those whose turn is next come first, and of them the oldest.
  const inTurn = sortedBy(pending, aheadS);
  return { now, cores, ids, overdueMs, aheadS, urgencyOf, ...candidates(inTurn, cores, urgencyOf) };
}

/** The calls by what they are ahead, each looked up once; those that are equally far in the order given. */
function sortedBy(calls: readonly PendingCall[], aheadS: Agenda['aheadS']): readonly PendingCall[] {
  const ahead = new Float64Array(calls.length);
  let isAny = false;
  for (let i = 0; i < calls.length; i++) {
    ahead[i] = aheadS(calls[i] as PendingCall);
    if (ahead[i] !== 0) isAny = true;
  }
  if (!isAny) return calls;
  const places = Uint32Array.from(calls, (_, i) => i).sort((a, b) => ahead[a]! - ahead[b]! || a - b);
  return Array.from(places, (i) => calls[i] as PendingCall);
}

/** Pairs of call and core that one solve looks at: 2,048 calls on 12 cores. */
const MOST_PAIRS = 24_576;
/** Calls for each free slot from which the solver may choose. */
const CALLS_A_SLOT = 4;
const FEWEST = 64;

/** The calls that a tick decides on. */
export interface Candidates {
  /** In the order given. */
  readonly calls: readonly PendingCall[];
  /** What else could use a free slot, in the order given. */
  readonly rest: () => readonly PendingCall[];
  /** Calls that wait for each core and cannot use any free slot: one that waits for several counts in part for each. */
  readonly ahead: readonly number[];
}

/**
 * The calls that a tick decides on with care: those that could use a free slot, and of a long backlog the first half and
 * the most urgent half. Bounded by counts, so that the time of a tick is bounded without a clock.
 *
 * @param pending those whose turn is next first
 * @param urgencyOf 0 to 10
 */
export function candidates(
  pending: readonly PendingCall[],
  cores: readonly SchedulableCore[],
  urgencyOf: (call: PendingCall) => number,
): Candidates {
  const places = new Map(cores.map(({ id }, j) => [id, j]));
  const ahead = new Array<number>(cores.length).fill(0);
  const total = cores.reduce((sum, { free }) => sum + free, 0);
  if (total === 0) return { calls: [], rest: () => [], ahead };
  const most = Math.min(Math.max(FEWEST, CALLS_A_SLOT * total), Math.ceil(MOST_PAIRS / cores.length));
  const free = new Set(cores.filter((core) => core.free > 0).map(({ id }) => id));
  const usable: PendingCall[] = [];
  // Each tick comes here with all that is pending: nothing is made for a call, and most find a free core at once.
  for (const call of pending) {
    const { eligible } = call;
    if (hasAny(eligible, free)) usable.push(call);
    else for (const core of eligible) ahead[places.get(core) as number]! += 1 / eligible.length;
  }
  if (usable.length <= most) return { calls: usable, rest: () => [], ahead };

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
    ahead,
  };
}

function hasAny(eligible: readonly CoreId[], free: ReadonlySet<CoreId>): boolean {
  for (const core of eligible) if (free.has(core)) return true;
  return false;
}
