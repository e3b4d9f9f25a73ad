import type { Reduced } from './bound.js';
import { type Composite, compositesWithin } from './composites.js';
import { bestPair } from './polish.js';
import { searchSets } from './proof.js';
import { applyComposite } from './tentative.js';
import { loads, type Placement, place, type Transport, type Work } from './transport.js';

/** Below this relative gap only rounding separates a placement from the bound. */
const ROUNDING = 1e-9;
/** Bases after the two sides of the limit: the best found so far. */
const MORE_ROUNDS = 2;

/** Looks around both sides of the limit, then around the best found, until the gap is small or proved to be real. */
export function improve(
  problem: Transport,
  limit: number,
  prices: Reduced & { readonly mu: Float64Array },
  { over, under }: { readonly over: Placement; readonly under: Placement },
  relGap: number,
  work: Work,
): { best: Placement; exact: boolean } {
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
      const found = place(problem, x);
      if (found.v <= limit && found.u < best.u) best = found;
    };
    const { composites, complete } = compositesWithin(problem, base, gap());
    work.composites += composites.length;
    accept(bestPair(problem, base, composites, limit - from.v, best.u - from.u));

    // Only placements that are optimal at the prices have penalties from 0 up.
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
