import type { Reduced } from './bound.js';
import { loads, type Placement, place, type Transport, type Work } from './transport.js';

const MAX_NODES = 4000;

interface Item {
  readonly from: number;
  readonly to: number;
  readonly r: number;
}

/**
 * Depth-first search over sets of re-assignments of `base`, by rising sum of reduced costs. Whatever beats `best` has
 * `sum r < best.u - bound`; once all such sets were looked at, `best` is proved to be optimal.
 * `base` must lie on cells of reduced cost 0.
 */
export function prove(
  problem: Transport,
  limit: number,
  { r, bound }: Reduced,
  base: Placement,
  best: Placement,
  work: Work,
): { best: Placement; proved: boolean } {
  const { m, u, v, caps } = problem;
  const items = itemsWithin(problem, r, base.x, best.u - bound);
  if (items.length > MAX_NODES) return { best, proved: false };
  const load = loads(problem, base.x);
  const left = base.x.slice();
  const path: Item[] = [];
  let nodes = 0;

  /** Extends `path` by items from `first` on; false when the node budget ran out. */
  const search = (
    first: number,
    budget: number,
    spent: number,
    overload: number,
    sumU: number,
    sumV: number,
  ): boolean => {
    if (overload === 0 && sumV <= limit && sumU < best.u) best = placeAfter(problem, base.x, path);
    // Each further item mends at most one overload, and costs at least as much as the next one.
    const needed = Math.max(1, overload);
    for (let at = first; at < items.length; at++) {
      const item = items[at]!;
      if (spent + needed * item.r > Math.min(budget, best.u - bound)) break;
      const { from, to } = item;
      if (left[from] === 0) continue;
      if (++nodes > MAX_NODES) return false;
      const j = from % m;
      const k = to % m;
      const mended = load[j]! > caps[j]! ? 1 : 0;
      const broken = load[k]! >= caps[k]! ? 1 : 0;
      left[from]!--;
      load[j]!--;
      load[k]!++;
      path.push(item);
      const finished = search(
        at,
        budget,
        spent + item.r,
        overload - mended + broken,
        sumU + u[to]! - u[from]!,
        sumV + v[to]! - v[from]!,
      );
      path.pop();
      load[k]!--;
      load[j]!++;
      left[from]!++;
      if (!finished) return false;
    }
    return true;
  };
  let proved = false;
  let budget = (best.u - bound) / 1024;
  do {
    budget *= 2;
    if (!search(0, budget, 0, 0, base.u, base.v)) break;
    proved = budget >= best.u - bound;
  } while (!proved);
  work.nodes += nodes;
  return { best, proved };
}

function itemsWithin({ rows, m }: Transport, r: Float64Array, x: Int32Array, gap: number): Item[] {
  const items: Item[] = [];
  for (let row = 0; row < rows; row++) {
    for (let from = row * m; from < row * m + m; from++) {
      if (x[from] === 0) continue;
      for (let to = row * m; to < row * m + m; to++) {
        if (to !== from && r[to]! < gap) items.push({ from, to, r: r[to]! });
      }
    }
  }
  return items.sort((a, b) => a.r - b.r);
}

function placeAfter(problem: Transport, from: Int32Array, path: readonly Item[]): Placement {
  const x = from.slice();
  for (const item of path) {
    x[item.from]!--;
    x[item.to]!++;
  }
  return place(problem, x);
}
