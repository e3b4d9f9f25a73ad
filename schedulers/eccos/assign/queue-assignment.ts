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
  /** Cost of place number `k` of a core's queue, from 0, never less than that of `k - 1`; Infinity = there is no such place. */
  readonly place: (core: number, k: number) => number;
}

/**
 * Which queue each call joins where places in a queue cost more the further back they are: least
 *
 *     sum_i net(i, a(i)) + sum_j sum_{k < n_j} place(j, k),   n_j = calls with a(i) = j,
 *
 * where a call may also stay outside. Exact: calls are added one by one along shortest augmenting paths over the cores, and
 * place costs are convex (Ahuja, Magnanti and Orlin, "Network Flows", 1993, chapter 14). Paths are found by Bellman and
 * Ford's rounds over the cores.
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
  const distance = new Float64Array(width);
  const parent = new Int32Array(width);
  const moved = new Int32Array(width);
  /** Cores that are nearer than when paths on from them were looked for last. */
  const nearer = new Uint8Array(width);

  /** Shortest ways to bring the call in, each ending on one core. */
  const findPaths = (call: number): void => {
    distance.set(cost.subarray(call * width, call * width + width));
    parent.fill(-1);
    moved.fill(call);
    nearer.fill(1);
    for (let round = 1, changed = true; round < width && changed; round++) {
      changed = false;
      for (let from = 0; from < width; from++) {
        if (nearer[from] === 0 || distance[from] === Infinity || length[from] === 0) continue;
        nearer[from] = 0;
        for (let to = 0, pair = from * width; to < width; to++, pair++) {
          const via = distance[from]! + movers.cost[pair]!;
          if (!(via < distance[to]! - tie)) continue;
          distance[to] = via;
          parent[to] = from;
          moved[to] = movers.row[pair]!;
          nearer[to] = 1;
          changed = true;
        }
      }
    }
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
    findPaths(call);
    let end = m;
    let least = distance[m]!;
    for (let core = 0; core < m; core++) {
      if (distance[core] === Infinity) continue;
      const total = distance[core]! + place(core, length[core]!);
      if (total >= least) continue;
      least = total;
      end = core;
    }
    length[end]!++;
    // Who moves on the path was found before anyone of it moves.
    for (let core = end, hops = 0; core >= 0 && hops < width; core = parent[core]!, hops++) move(moved[core]!, core);
  }
  return at.map((core) => (core === m ? -1 : core));
}
