import { type Base, type Composite, compositesWithin } from './composites.js';
import { loads, type Placement, place, type Transport, type Work } from './transport.js';

/** Partners tried for a composite whose best partner uses the same call or the same last slot. */
const NEIGHBOURS = 64;

/** The best placement one or two composite moves away from `base`, if it beats `best`. */
export function polish(
  problem: Transport,
  limit: number,
  prices: { readonly r: Float64Array; readonly mu: Float64Array },
  base: Placement,
  best: Placement,
  gap: number,
  work: Work,
): Placement {
  const state = { ...prices, x: base.x.slice(), load: loads(problem, base.x) };
  const composites = compositesWithin(problem, state, gap);
  work.composites += composites.length;
  const room = limit - base.v;
  const chosen = bestPair(composites, room, best.u - base.u, (pair) => {
    const fits = apply(problem, state, pair, 1);
    apply(problem, state, pair, -1);
    return fits;
  });
  if (!chosen) return best;
  apply(problem, state, chosen, 1);
  const found = place(problem, state.x);
  return found.v <= limit && found.u < best.u ? found : best;
}

/** One or two composites with least `du` below `target` and `dv <= room`: two pointers over the order of `dv`. */
function bestPair(
  composites: readonly Composite[],
  room: number,
  target: number,
  fits: (pair: readonly Composite[]) => boolean,
): readonly Composite[] | undefined {
  const sorted = composites.toSorted((a, b) => a.dv - b.dv);
  const cheapest = new Int32Array(sorted.length);
  for (let at = 1; at < sorted.length; at++) {
    cheapest[at] = sorted[at]!.du < sorted[cheapest[at - 1]!]!.du ? at : cheapest[at - 1]!;
  }
  let least = target;
  let chosen: readonly Composite[] | undefined;
  const consider = (pair: readonly Composite[], du: number): boolean => {
    if (du >= least || !fits(pair)) return false;
    least = du;
    chosen = pair;
    return true;
  };
  let end = sorted.length;
  for (const first of sorted) {
    if (first.dv <= room) consider([first], first.du);
    while (end > 0 && first.dv + sorted[end - 1]!.dv > room) end--;
    if (end === 0) break;
    const second = sorted[cheapest[end - 1]!]!;
    if (first.du + second.du >= least || consider([first, second], first.du + second.du)) continue;
    for (let at = end - 1; at >= Math.max(0, end - NEIGHBOURS); at--) {
      consider([first, sorted[at]!], first.du + sorted[at]!.du);
    }
  }
  return chosen;
}

/** Applies (or with `sign` -1 takes back) composites; false if a cell or a cap is overdrawn afterwards. */
function apply({ m, caps }: Transport, { x, load }: Base, composites: readonly Composite[], sign: 1 | -1): boolean {
  for (const { cells } of composites) {
    for (let at = 0; at < cells.length; at += 2) {
      x[cells[at]!]! -= sign;
      x[cells[at + 1]!]! += sign;
      load[cells[at]! % m]! -= sign;
      load[cells[at + 1]! % m]! += sign;
    }
  }
  return composites.every(({ cells }) => cells.every((cell) => x[cell]! >= 0 && load[cell % m]! <= caps[cell % m]!));
}
