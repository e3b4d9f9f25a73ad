import type { Transport } from '../assign/transport.js';
import { type Base, cheapestMoves, type Moves, TWINS } from './moves.js';

/** A few re-assignments that together keep the caps: they end where they began, or on a core with a free slot. */
export interface Composite {
  /** Pairs of cells, from and to; one call each. */
  readonly cells: readonly number[];
  /** What it adds to `u + lambda v + mu`: what is lost to the bound by using it. */
  readonly penalty: number;
  readonly du: number;
  readonly dv: number;
}

/** Enough composites for their pairs, some 100,000, to lie densely around the limit. */
const ENOUGH = 500;
const MAX_STEPS = 6000;
const MAX_TRIES = 6;

/**
 * The composites of least penalty, up to `gap`: a more expensive one cannot beat the
 * incumbent. `complete`: these are all. Every assignment that keeps the caps is the base after some of its composites,
 * each possibly more than once.
 */
export function compositesWithin(
  problem: Transport,
  base: Base,
  gap: number,
): { composites: Composite[]; complete: boolean } {
  const moves = cheapestMoves(problem, base, gap);
  const distance = distances(problem, base, moves);
  let least = 0;
  let most = Infinity;
  let within = gap;
  for (let tries = 0; ; tries++) {
    const found = enumerate(problem, base, moves, distance, within);
    if (found.complete && within === gap) return { composites: found.composites, complete: moves.complete };
    if ((found.complete && found.composites.length >= ENOUGH) || tries >= MAX_TRIES) {
      return { composites: found.composites, complete: false };
    }
    if (found.complete) least = within;
    else most = within;
    within = least === 0 ? within / 16 : Math.sqrt(least * most);
  }
}

/**
 * For each goal the least penalty to get there from each core: goals below m are where a cycle closes, by way of cores
 * above it; goal m is any free slot.
 */
function distances({ m, caps }: Transport, { load, mu }: Base, { byCore }: Moves): Float64Array[] {
  const arc = new Float64Array(m * m).fill(Infinity);
  for (const { from, to, penalty } of byCore.flat()) {
    const pair = (from % m) * m + (to % m);
    arc[pair] = Math.min(arc[pair]!, penalty);
  }
  return Array.from({ length: m + 1 }, (_, goal) => {
    const left = new Float64Array(m).fill(Infinity);
    if (goal < m) left[goal] = 0;
    else for (let j = 0; j < m; j++) if (load[j]! < caps[j]!) left[j] = -mu[j]!;
    const first = goal < m ? goal + 1 : 0;
    // At most m rounds: rounding may leave a cycle a hair below 0.
    for (let changed = true, round = 0; changed && round < m; round++) {
      changed = false;
      for (let j = first; j < m; j++) {
        for (let k = first === 0 ? 0 : goal; k < m; k++) {
          if (arc[j * m + k]! + left[k]! >= left[j]!) continue;
          left[j] = arc[j * m + k]! + left[k]!;
          changed = true;
        }
      }
    }
    return left;
  });
}

interface Partial {
  readonly core: number;
  readonly dv: number;
  /** The core where a cycle began, or m for a path. */
  readonly goal: number;
  readonly spent: number;
  readonly last?: { readonly from: number; readonly to: number; readonly before: Partial };
}

/**
 * All simple paths to a free slot, and all simple cycles begun at their least core, of total penalty <= `within`.
 * Breadth first, so that what a full budget leaves out are the long ones.
 */
function enumerate(
  problem: Transport,
  { load, mu }: Base,
  { byCore, repeating, vGrid }: Moves,
  distance: readonly Float64Array[],
  within: number,
): { composites: Composite[]; complete: boolean } {
  const { m, caps } = problem;
  const composites: Composite[] = [];
  const queue: Partial[] = [];
  for (let start = 0; start < m; start++) {
    queue.push({ core: start, goal: m, spent: mu[start]!, dv: 0 }, { core: start, goal: start, spent: 0, dv: 0 });
  }
  const seen = new Map<number, number>();
  let steps = 0;
  for (const before of queue) {
    const { goal } = before;
    for (const { from, to, penalty, dv } of byCore[before.core]!) {
      const spent = before.spent + penalty;
      if (spent > within) break;
      const core = to % m;
      if (spent + distance[goal]![core]! > within || uses(before, core, Math.floor(from / m), m)) continue;
      if (++steps > MAX_STEPS) return { composites, complete: false };
      const partial = { core, goal, spent, dv: before.dv + dv, last: { from, to, before } };
      if (repeating) {
        const figures =
          ((core * (m + 1) + goal) * 1e4 + Math.round((1e4 * spent) / within)) * 1e7 + Math.round(partial.dv / vGrid);
        const count = seen.get(figures) ?? 0;
        seen.set(figures, count + 1);
        if (count >= TWINS) continue;
      }
      if (core === goal) composites.push(compose(problem, partial, spent));
      else {
        queue.push(partial);
        const total = spent - mu[core]!;
        if (goal === m && load[core]! < caps[core]! && total <= within)
          composites.push(compose(problem, partial, total));
      }
    }
  }
  return { composites, complete: true };
}

/** Cores are passed once; and two moves of one row would be a shorter composite, with the rest as another one. */
function uses(partial: Partial, core: number, row: number, m: number): boolean {
  for (let at = partial; ; at = at.last.before) {
    if (at.core === core && core !== partial.goal) return true;
    if (!at.last) return false;
    if (Math.floor(at.last.from / m) === row) return true;
  }
}

function compose({ u, v }: Transport, partial: Partial, penalty: number): Composite {
  const cells: number[] = [];
  let du = 0;
  let dv = 0;
  for (let { last } = partial; last; { last } = last.before) {
    cells.push(last.from, last.to);
    du += u[last.to]! - u[last.from]!;
    dv += v[last.to]! - v[last.from]!;
  }
  return { cells, penalty, du, dv };
}

/** Adds a composite to an assignment, or with `times` -1 takes it back. */
export function applyComposite({ m }: Transport, { x, load }: Base, { cells }: Composite, times: 1 | -1): void {
  for (let at = 0; at < cells.length; at += 2) {
    const from = cells[at]!;
    const to = cells[at + 1]!;
    x[from]! -= times;
    x[to]! += times;
    load[from % m]! -= times;
    load[to % m]! += times;
  }
}

/** After composites were added: whether the cells and caps that one of them touched still hold. */
export function holds({ m, caps }: Transport, { x, load }: Base, { cells }: Composite): boolean {
  for (const cell of cells) if (x[cell]! < 0 || load[cell % m]! > caps[cell % m]!) return false;
  return true;
}
