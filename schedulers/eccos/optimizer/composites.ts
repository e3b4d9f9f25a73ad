import type { Transport } from './transport.js';

/** A few re-assignments that together keep the caps: they end where they began, or on a core with a free slot. */
export interface Composite {
  /** Pairs of cells, from and to; one call each. */
  readonly cells: readonly number[];
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
const MAX_LENGTH = 5;
/** Enough composites for their pairs, about a million, to lie densely around the limit. */
const ENOUGH = 1500;
const MAX_STEPS = 40_000;
/** Of moves that are equal in all figures, a pair can use two. */
const TWINS = 2;

/** Composites whose reduced costs sum to at most `gap`: others cannot beat the incumbent. The cheapest come first. */
export function compositesWithin(problem: Transport, base: Base, gap: number): Composite[] {
  const moves = cheapestMoves(problem, base, gap);
  let found: Composite[] = [];
  for (let within = gap / 4096; ; within *= 4) {
    found = enumerate(problem, base, moves, Math.min(within, gap));
    if (found.length >= ENOUGH || within >= gap) return found;
  }
}

/** Moves of penalty up to `gap`, by core of origin, each list in order of penalty. */
function cheapestMoves({ rows, m, u, v }: Transport, { x, r }: Base, gap: number): Move[][] {
  const groups: Move[][] = Array.from({ length: m * m }, () => []);
  for (let row = 0; row < rows; row++) {
    for (let j = 0, from = row * m; j < m; j++, from++) {
      if (x[from] === 0) continue;
      for (let k = 0, to = row * m; k < m; k++, to++) {
        const penalty = r[to]! - r[from]!;
        if (penalty <= gap && k !== j) groups[j * m + k]!.push({ from, to, penalty });
      }
    }
  }
  const distinct = groups.flatMap((group) => {
    const dv = ({ from, to }: Move): number => v[to]! - v[from]!;
    const du = ({ from, to }: Move): number => u[to]! - u[from]!;
    const order = (a: Move, b: Move): number => a.penalty - b.penalty || dv(a) - dv(b) || du(a) - du(b);
    group.sort(order);
    return group.filter((move, at) => at < TWINS || order(move, group[at - TWINS]!) !== 0);
  });
  distinct.sort((a, b) => a.penalty - b.penalty);
  const byCore: Move[][] = Array.from({ length: m }, () => []);
  for (const move of distinct.slice(0, MAX_MOVES)) byCore[move.from % m]!.push(move);
  return byCore;
}

/** All simple paths to a free slot and all simple cycles (begun at their least core) of total penalty <= `within`. */
function enumerate({ m, u, v, caps }: Transport, { load, mu }: Base, moves: Move[][], within: number): Composite[] {
  const found: Composite[] = [];
  const visited = new Uint8Array(m);
  const cells: number[] = [];
  let steps = 0;

  const emit = (): void => {
    let du = 0;
    let dv = 0;
    for (let at = 0; at < cells.length; at += 2) {
      du += u[cells[at + 1]!]! - u[cells[at]!]!;
      dv += v[cells[at + 1]!]! - v[cells[at]!]!;
    }
    found.push({ cells: cells.slice(), du, dv });
  };
  const extend = (start: number, core: number, spent: number, cycle: boolean): void => {
    visited[core] = 1;
    for (const { from, to, penalty } of moves[core]!) {
      if (spent + penalty > within || ++steps > MAX_STEPS) break;
      const next = to % m;
      cells.push(from, to);
      if (cycle ? next === start : !visited[next] && load[next]! < caps[next]! && spent + penalty - mu[next]! <= within)
        emit();
      if (!visited[next] && (!cycle || next > start) && cells.length < 2 * MAX_LENGTH) {
        extend(start, next, spent + penalty, cycle);
      }
      cells.length -= 2;
    }
    visited[core] = 0;
  };
  for (let start = 0; start < m; start++) {
    extend(start, start, mu[start]!, false);
    extend(start, start, 0, true);
  }
  return found;
}
