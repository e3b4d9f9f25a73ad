import { type Flow, flowOf, loads, type Transport, type Work } from '../assign/transport.js';
import { applyComposite, type Composite, compositesWithin, holds } from './composites.js';
import type { Base } from './moves.js';
import type { Reduced } from './solution.js';

/** Below this relative gap only rounding separates an assignment from the bound. */
const ROUNDING = 1e-9;
/** Bases after the two sides of the limit: the best found so far. */
const MORE_ROUNDS = 2;
/** Partners tried for a composite whose best partner uses the same call or the same last slot. */
const NEIGHBOURS = 64;
/** Nodes after which the proof gives up. */
const MAX_NODES = 4000;

/** Looks around both sides of the limit, then around the best found, until the gap is small or proved to be real. */
export function improve(
  problem: Transport,
  limit: number,
  prices: Reduced & { readonly mu: Float64Array },
  { over, under }: { readonly over: Flow; readonly under: Flow },
  relGap: number,
  work: Work,
): { best: Flow; exact: boolean } {
  const scale = Math.max(Math.abs(prices.bound), Math.abs(under.u));
  const small = Math.max(relGap, ROUNDING) * scale;
  let best = under;
  const gap = (): number => best.u - prices.bound;
  const bases = [over, under];
  for (let round = 0; round < bases.length && gap() > small; round++) {
    const from = bases[round]!;
    const base = { x: from.x.slice(), load: loads(problem, from.x), r: prices.r, mu: prices.mu };
    const accept = (chosen: readonly Composite[]): void => {
      const x = from.x.slice();
      for (const composite of chosen) applyComposite(problem, { ...base, x, load: base.load.slice() }, composite, 1);
      const found = flowOf(problem, x);
      if (found.v <= limit && found.u < best.u) best = found;
    };
    const { composites, complete } = compositesWithin(problem, base, gap());
    work.composites += composites.length;
    accept(bestPair(problem, base, composites, limit - from.v, best.u - from.u));

    // Only flows that are optimal at the prices have penalties from 0 up.
    if (round < 2) {
      const sets = searchSets(problem, base, composites, limit - from.v, best.u - from.u, gap());
      work.nodes += sets.nodes;
      accept(sets.chosen);
      if (complete && sets.finished) return { best, exact: true };
    }
    if (round > 0 && round <= MORE_ROUNDS && best !== bases.at(-1)) bases.push(best);
  }
  return { best, exact: gap() <= ROUNDING * scale };
}

/**
 * One or two composites with the least `du` below `target` and `dv <= room`: two pointers over the order of `dv`,
 * with the cheapest of each prefix. Heuristic only in that of partners that collide a few next ones are tried.
 */
function bestPair(
  problem: Transport,
  base: Base,
  composites: readonly Composite[],
  room: number,
  target: number,
): readonly Composite[] {
  const sorted = composites.toSorted((a, b) => a.dv - b.dv);
  const cheapest = new Int32Array(sorted.length);
  for (let at = 1; at < sorted.length; at++) {
    cheapest[at] = sorted[at]!.du < sorted[cheapest[at - 1]!]!.du ? at : cheapest[at - 1]!;
  }
  let least = target;
  let chosen: readonly Composite[] = [];
  const consider = (first: Composite, second: Composite): boolean => {
    if (first.du + second.du >= least) return false;
    applyComposite(problem, base, first, 1);
    applyComposite(problem, base, second, 1);
    const fits = holds(problem, base, first) && holds(problem, base, second);
    applyComposite(problem, base, second, -1);
    applyComposite(problem, base, first, -1);
    if (!fits) return false;
    least = first.du + second.du;
    chosen = [first, second];
    return true;
  };
  let end = sorted.length;
  for (const first of sorted) {
    if (first.dv <= room && first.du < least) {
      least = first.du;
      chosen = [first];
    }
    while (end > 0 && first.dv + sorted[end - 1]!.dv > room) end--;
    if (end === 0) continue;
    const second = sorted[cheapest[end - 1]!]!;
    if (first.du + second.du >= least || consider(first, second)) continue;
    for (let at = end - 1; at >= Math.max(0, end - NEIGHBOURS); at--) consider(first, sorted[at]!);
  }
  return chosen;
}

/**
 * Depth-first search over sets of composites by rising penalty, for one with `du < target` and `dv <= room`.
 * Whatever beats the incumbent has a total penalty below `gap`, so a search of all sets up to `gap` proves that
 * nothing does.
 */
function searchSets(
  problem: Transport,
  base: Base,
  composites: readonly Composite[],
  room: number,
  target: number,
  gap: number,
): { chosen: readonly Composite[]; finished: boolean; nodes: number } {
  const sorted = composites.toSorted((a, b) => a.penalty - b.penalty);
  const steepest = sorted.reduce((least, { dv }) => Math.min(least, dv), 0);
  const path: Composite[] = [];
  let chosen: readonly Composite[] = [];
  let least = target;
  let nodes = 0;

  /** False when the nodes ran out. `least` may fall on the way, and the penalty allowed with it. */
  const extend = (first: number, budget: number, spent: number, du: number, dv: number): boolean => {
    if (dv <= room && du < least) {
      least = du;
      chosen = path.slice();
    }
    // Each further composite costs at least as much as the next one and lowers v by at most the steepest.
    const needed = dv > room ? Math.ceil((room - dv) / steepest) : 1;
    for (let at = first; at < sorted.length; at++) {
      const next = sorted[at]!;
      if (spent + Math.max(1, needed) * next.penalty > Math.min(budget, gap + least - target)) break;
      if (++nodes > MAX_NODES) return false;
      applyComposite(problem, base, next, 1);
      path.push(next);
      const finished =
        !holds(problem, base, next) || extend(at, budget, spent + next.penalty, du + next.du, dv + next.dv);
      path.pop();
      applyComposite(problem, base, next, -1);
      if (!finished) return false;
    }
    return true;
  };
  let finished = true;
  for (let part = 1024; finished && part >= 1; part /= 2) finished = extend(0, gap / part, 0, 0, 0);
  return { chosen, finished, nodes };
}
