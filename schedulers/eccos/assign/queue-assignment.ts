import { Movers } from './movers.js';

/** Less than this share of the greatest cost is no gain: sums in another order differ by as much. */
const ROUNDING = 1e-12;

/** Calls that join queues. Matrices are row-major. */
export interface QueueProblem {
  /** Calls. */
  readonly n: number;
  /** Cores. */
  readonly m: number;
  /** Cost of each call on each core, n x m; NaN = forbidden. */
  readonly net: Float64Array;
  /** What it costs to leave a call out, n. */
  readonly outside: Float64Array;
  /** Cost of place number `k` of a core's queue, from 0: 0 or more, never less than that of `k - 1`; Infinity = there is no such place. */
  readonly place: (core: number, k: number) => number;
}

/**
 * Which queue each call joins where places in a queue cost more the further back they are: least
 *
 *     sum_i net(i, a(i)) + sum_j sum_{k < n_j} place(j, k),   n_j = calls with a(i) = j,
 *
 * where a call may also stay outside. Exact: calls are added one by one along shortest augmenting paths over the cores, and
 * place costs are convex (Ahuja, Magnanti and Orlin, "Network Flows", 1993, chapter 14). Paths are found by Dijkstra's
 * algorithm on costs reduced by potentials, as in section 9.7 there: it ends at the first core whose next place costs less
 * than any way on, which is most often the first or second one.
 *
 * @returns core of each call; -1: it stays outside
 */
export function assignToQueues({ n, m, net, outside, place }: QueueProblem): Int32Array {
  // Outside is one more core, with room for all.
  const width = m + 1;
  const cost = new Float64Array(n * width);
  for (let call = 0; call < n; call++) {
    for (let j = 0; j < m; j++) {
      const own = net[call * m + j]!;
      cost[call * width + j] = Number.isNaN(own) ? Infinity : own;
    }
    cost[call * width + m] = outside[call]!;
  }
  let greatest = 0;
  for (const one of cost) if (one < Infinity && Math.abs(one) > greatest) greatest = Math.abs(one);
  const tie = ROUNDING * greatest;
  const isAt = new Int32Array(n * width);
  const at = new Int32Array(n).fill(-1);
  const movers = new Movers(width, isAt, cost);
  movers.reset();
  const length = new Int32Array(width);
  const placeAfter = (core: number) => (core === m ? 0 : place(core, length[core]!));
  /** No move from core to core costs less than its potential rises, and no place less than the potential is below 0. */
  const potential = new Float64Array(width);
  /** Cost of the way to each core, less its potential. */
  const distance = new Float64Array(width);
  const parent = new Int32Array(width);
  const moved = new Int32Array(width);
  const settled = new Uint8Array(width);

  /** Shortest way to bring the call in. @returns the core at whose end a place is taken */
  const findPath = (call: number): number => {
    for (let core = 0; core < width; core++) distance[core] = cost[call * width + core]! - potential[core]!;
    parent.fill(-1);
    moved.fill(call);
    settled.fill(0);
    let end = m;
    let least = Infinity;
    for (;;) {
      let from = -1;
      let nearest = least;
      for (let core = 0; core < width; core++) {
        if (settled[core] === 1 || distance[core]! >= nearest) continue;
        nearest = distance[core]!;
        from = core;
      }
      if (from < 0) break;
      settled[from] = 1;
      const reached = nearest + potential[from]!;
      const total = reached + placeAfter(from);
      if (total < least) [least, end] = [total, from];
      if (length[from] === 0) continue;
      for (let to = 0, pair = from * width; to < width; to++, pair++) {
        const via = reached + movers.cost[pair]! - potential[to]!;
        if (settled[to] === 1 || !(via < distance[to]! - tie)) continue;
        distance[to] = via;
        parent[to] = from;
        moved[to] = movers.row[pair]!;
      }
    }
    for (let core = 0; core < width; core++) {
      if (settled[core] === 1 && distance[core]! < least) potential[core]! += distance[core]! - least;
    }
    return end;
  };
  const move = (call: number, core: number): void => {
    const before = at[call]!;
    at[call] = core;
    isAt[call * width + core] = 1;
    if (before >= 0) isAt[call * width + before] = 0;
    movers.joined(call, core);
    if (before >= 0) movers.left(call, before);
  };

  for (let call = 0; call < n; call++) {
    const end = findPath(call);
    length[end]!++;
    // Who moves on the path was found before anyone of it moves.
    for (let core = end; core >= 0; core = parent[core]!) move(moved[core]!, core);
  }
  return at.map((core) => (core === m ? -1 : core));
}
