import type { Composite } from './composites.js';
import type { Base } from './moves.js';
import { applyComposite, holds } from './tentative.js';
import type { Transport } from './transport.js';

/** Partners tried for a composite whose best partner uses the same call or the same last slot. */
const NEIGHBOURS = 64;

/**
 * One or two composites with the least `du` below `target` and `dv <= room`: two pointers over the order of `dv`,
 * with the cheapest of each prefix. Heuristic only in that of partners that collide a few next ones are tried.
 */
export function bestPair(
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
