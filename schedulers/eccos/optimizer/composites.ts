import type { Transport } from './transport.js';

/** A few re-assignments that together keep the caps: they end where they began, or on a core with a free slot. */
export interface Composite {
  /** Pairs of cells, from and to; one call each. */
  readonly cells: readonly number[];
  /** What it adds to `u + lambda v + mu`: what is lost to the bound by using it. */
  readonly penalty: number;
  readonly du: number;
  readonly dv: number;
}

/** The placement to improve upon, with the prices it is judged by. */
export interface Base {
  readonly x: Int32Array;
  readonly load: Int32Array;
  readonly r: Float64Array;
  readonly mu: Float64Array;
}

interface Move {
  readonly from: number;
  readonly to: number;
  readonly penalty: number;
}

const MAX_MOVES = 2500;
const MAX_LENGTH = 6;
/** Enough composites for their pairs, about a million, to lie densely around the limit. */
const ENOUGH = 1500;
const MAX_STEPS = 40_000;
/** Of moves that are equal in all figures a pair can use two. */
const TWINS = 2;

/**
 * The composites of least penalty, up to `gap`: a dearer one cannot beat the incumbent. `complete` tells whether these
 * are all. Every placement with the caps kept is the base after some of its composites, each possibly more than once.
 */
export function compositesWithin(
  problem: Transport,
  base: Base,
  gap: number,
): { composites: Composite[]; complete: boolean } {
  const { moves, complete } = cheapestMoves(problem, base, gap);
  for (let within = gap / 4096; ; within *= 4) {
    const found = enumerate(problem, base, moves, Math.min(within, gap));
    if (within >= gap) return { composites: found.composites, complete: complete && found.complete };
    if (found.composites.length >= ENOUGH) return { composites: found.composites, complete: false };
  }
}

/** Moves of penalty up to `gap` by core of origin, each list in order of penalty. */
function cheapestMoves({ rows, m, u, v }: Transport, { x, r }: Base, gap: number): { moves: Move[][]; complete: boolean } {
  let all: Move[] = [];
  for (let row = 0; row < rows; row++) {
    for (let from = row * m; from < row * m + m; from++) {
      if (x[from] === 0) continue;
      for (let to = row * m; to < row * m + m; to++) {
        const penalty = r[to]! - r[from]!;
        if (penalty <= gap && to !== from) all.push({ from, to, penalty });
      }
    }
  }
  const complete = all.length <= MAX_MOVES;
  const byPenalty = (a: Move, b: Move): number => a.penalty - b.penalty;
  if (!complete) {
    const order = (a: Move, b: Move): number =>
      (a.from % m) - (b.from % m) ||
      (a.to % m) - (b.to % m) ||
      byPenalty(a, b) ||
      v[a.to]! - v[a.from]! - (v[b.to]! - v[b.from]!) ||
      u[a.to]! - u[a.from]! - (u[b.to]! - u[b.from]!);
    all = all.sort(order).filter((move, at) => at < TWINS || order(move, all[at - TWINS]!) !== 0);
  }
  const moves: Move[][] = Array.from({ length: m }, () => []);
  for (const move of all.sort(byPenalty).slice(0, MAX_MOVES)) moves[move.from % m]!.push(move);
  return { moves, complete };
}

/** All simple paths to a free slot, and all simple cycles begun at their least core, of total penalty <= `within`. */
function enumerate(
  { m, u, v, caps }: Transport,
  { load, mu }: Base,
  moves: readonly (readonly Move[])[],
  within: number,
): { composites: Composite[]; complete: boolean } {
  const composites: Composite[] = [];
  const visited = new Uint8Array(m);
  const cells: number[] = [];
  let steps = 0;
  let complete = true;

  const emit = (penalty: number): void => {
    if (penalty > within) return;
    let du = 0;
    let dv = 0;
    for (let at = 0; at < cells.length; at += 2) {
      du += u[cells[at + 1]!]! - u[cells[at]!]!;
      dv += v[cells[at + 1]!]! - v[cells[at]!]!;
    }
    composites.push({ cells: cells.slice(), penalty, du, dv });
  };
  /** Two moves of one row would be a shorter composite, with the rest as another one. */
  const usesRow = (row: number): boolean => {
    for (let at = 0; at < cells.length; at += 2) if (Math.floor(cells[at]! / m) === row) return true;
    return false;
  };
  const extend = (start: number, core: number, spent: number, cycle: boolean): void => {
    visited[core] = 1;
    for (const { from, to, penalty } of moves[core]!) {
      if (spent + penalty > within) break;
      if (++steps > MAX_STEPS) complete = false;
      const next = to % m;
      if (!complete || usesRow(Math.floor(from / m))) continue;
      cells.push(from, to);
      if (cycle && next === start) emit(spent + penalty);
      if (!cycle && !visited[next] && load[next]! < caps[next]!) emit(spent + penalty - mu[next]!);
      if (!visited[next] && (!cycle || next > start)) {
        if (cells.length < 2 * MAX_LENGTH) extend(start, next, spent + penalty, cycle);
        else complete = false;
      }
      cells.length -= 2;
    }
    visited[core] = 0;
  };
  for (let start = 0; start < m; start++) {
    extend(start, start, mu[start]!, false);
    extend(start, start, 0, true);
  }
  return { composites, complete };
}
