import type { Task } from './problem.js';

/**
 * The calls that get a slot: as many as the caps and the eligible pairs can hold, and among those sets the one that is
 * lexicographically first in order of claim. Calls are added one by one and may move others along an augmenting path,
 * which is the greedy algorithm of a transversal matroid.
 */
export function servedSet({ n, m, caps, eligible, order }: Task): { served: Uint8Array; unservable: Int32Array } {
  const served = new Uint8Array(n);
  const slots = caps.reduce((sum, cap) => sum + cap, 0);
  if (slots > 0 && eligible.every((pair, cell) => pair === 1 || caps[cell % m] === 0)) {
    for (const call of order.subarray(0, slots)) served[call] = 1;
    return { served, unservable: new Int32Array(0) };
  }

  const unservable: number[] = [];
  const free = caps.slice();
  const at = new Int32Array(n).fill(-1);
  /** movable[j * m + k]: calls once put on j that may use k; those that have left j are dropped when met. */
  const movable: number[][] = Array.from({ length: m * m }, () => []);
  const parent = new Int32Array(m);

  const put = (call: number, core: number): void => {
    at[call] = core;
    for (let k = 0; k < m; k++) if (k !== core && eligible[call * m + k]) movable[core * m + k]!.push(call);
  };
  const movableFrom = (j: number, k: number): number | undefined => {
    const calls = movable[j * m + k]!;
    while (calls.length > 0 && at[calls.at(-1)!] !== j) calls.pop();
    return calls.at(-1);
  };
  /** A free core that `call` reaches by moving others, breadth first; -1 if there is none. */
  const reach = (call: number): number => {
    parent.fill(-2);
    const queue: number[] = [];
    for (let j = 0; j < m; j++) {
      if (caps[j] === 0 || !eligible[call * m + j]) continue;
      parent[j] = -1;
      queue.push(j);
    }
    for (const j of queue) {
      if (free[j]! > 0) return j;
      for (let k = 0; k < m; k++) {
        if (parent[k] !== -2 || caps[k] === 0 || movableFrom(j, k) === undefined) continue;
        parent[k] = j;
        queue.push(k);
      }
    }
    return -1;
  };

  for (const call of order) {
    let servable = false;
    for (let j = 0; j < m; j++) servable ||= caps[j]! > 0 && eligible[call * m + j] === 1;
    if (!servable) unservable.push(call);
    let core = servable ? reach(call) : -1;
    if (core < 0) continue;
    served[call] = 1;
    free[core]!--;
    for (let from = parent[core]!; from >= 0; core = from, from = parent[core]!) put(movableFrom(from, core)!, core);
    put(call, core);
  }
  return { served, unservable: Int32Array.from(unservable).sort() };
}
