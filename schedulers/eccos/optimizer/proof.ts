import type { Composite } from './composites.js';
import type { Base } from './moves.js';
import { applyComposite, holds } from './tentative.js';
import type { Transport } from './transport.js';

const MAX_NODES = 4000;

/**
 * Depth-first search over sets of composites by rising penalty, for one with `du < target` and `dv <= room`.
 * Whatever beats the incumbent has a total penalty below `gap`, so a search of all sets up to `gap` proves that
 * nothing does.
 */
export function searchSets(
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
