import type { CoreId } from '../../../syscalls/syscall.js';
import { assignToQueues } from '../assign/queue-assignment.js';
import type { Claims } from './claims.js';
import type { Market } from './market.js';
import type { Queues } from './queues.js';

/**
 * What a call that is almost overdue gains by it where slots are short, as a share of what regret usually amounts to. More
 * of it is closer to first come, first served, less of it lets single calls wait longer. Below 1, or age would count for
 * more than rank.
 */
const AGEING = 0.25;

/** A call that waits for a core although a slot of another one is free. */
export interface Wait {
  readonly core: CoreId;
  /** Until it is likely to be its turn. */
  readonly seconds: number;
  /** By how much the core is better than the best free one, and what the wait costs, US dollars. */
  readonly savesUsd: number;
  readonly costsUsd: number;
}

/** Who goes where; calls and cores by index. */
export interface Placement {
  /** Core of each call that starts. */
  readonly started: ReadonlyMap<number, number>;
  /** Core of each other call that joined a queue, and its place there. */
  readonly queued: ReadonlyMap<number, { readonly core: number; readonly place: number }>;
}

/**
 * Who starts where now, and who waits for what. Each call joins the queue of a core such that
 *
 *     sum of net costs + sum of (price of waiting x time until it is its turn)
 *
 * is least; those at the free places start. Who pays more for a second of waiting chooses first, and comes first in each
 * queue; an infinite price means that only a free slot will do. Among equals the queue is ordered by expected time less
 * time waited: short answers first, and no one forever.
 *
 * @param net as of `netCosts`
 * @param waitUsd price of a second of waiting of each call, US dollars
 * @param ageing seconds of expected time that a second of having waited weighs as much as
 * @param queues grow by the calls
 */
export function placeCalls(
  { m, seconds }: Pick<Market, 'm' | 'seconds'>,
  net: Float64Array,
  waitUsd: readonly number[],
  { rank, waited, waitedS }: Claims,
  ageing: number,
  queues: Queues,
): Placement {
  const started = new Map<number, number>();
  const queued = new Map<number, { core: number; place: number }>();
  for (const calls of byPrice(waitUsd)) {
    const perSecond = waitUsd[calls[0]!]!;
    const { regrets, most, usual } = regretsOf(net, m, calls);
    // Moving one call in may move others from core to core, at most one from each.
    const alone = (m + 2) * most;
    const before = [...queues.length];
    const at = assignToQueues({
      n: calls.length,
      m,
      net: regrets,
      outside: Float64Array.from(calls, (i) => alone * (1 + rank[i]!) + AGEING * usual * waited[i]!),
      place: (core, k) => queues.placeUsd(core, before[core]! + k, perSecond),
    });
    const turn = (i: number, core: number) => seconds[i * m + core]! - ageing * waitedS[i]!;
    for (let core = 0; core < m; core++) {
      const queue = calls.filter((_, row) => at[row] === core);
      queue.sort((a, b) => rank[b]! - rank[a]! || turn(a, core) - turn(b, core) || a - b);
      for (const i of queue) {
        const place = queues.length[core]!++;
        if (place < queues.free[core]!) started.set(i, core);
        else queued.set(i, { core, place });
      }
    }
  }
  return { started, queued };
}

/** Calls by index, in groups that pay the same for a second of waiting, the highest price first. */
function byPrice(waitUsd: readonly number[]): number[][] {
  const groups = new Map<number, number[]>();
  for (const [i, price] of waitUsd.entries()) {
    const group = groups.get(price);
    if (group === undefined) groups.set(price, [i]);
    else group.push(i);
  }
  return [...groups].sort(([a], [b]) => b - a).map(([, calls]) => calls);
}

/**
 * By how much each pair costs more than the best one of its call, NaN where it cannot be used; `most` is the greatest, `usual` the
 * median over calls of each one's greatest.
 */
function regretsOf(net: Float64Array, m: number, calls: readonly number[]) {
  const regrets = new Float64Array(calls.length * m);
  const greatest = new Float64Array(calls.length);
  for (const [row, i] of calls.entries()) {
    let least = Infinity;
    let most = -Infinity;
    for (let cell = i * m; cell < i * m + m; cell++) {
      const one = net[cell]!;
      if (one < least) least = one;
      if (one > most) most = one;
    }
    for (let j = 0; j < m; j++) regrets[row * m + j] = net[i * m + j]! - least;
    greatest[row] = Math.max(0, most - least);
  }
  greatest.sort();
  const most = greatest.at(-1) || 1;
  return { regrets, most, usual: greatest[greatest.length >> 1] || most };
}
