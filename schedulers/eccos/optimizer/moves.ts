import { meanRange, type Transport } from '../assign/transport.js';

/** The assignment to improve, and the prices at which it is compared. */
export interface Base {
  readonly x: Int32Array;
  readonly load: Int32Array;
  readonly r: Float64Array;
  readonly mu: Float64Array;
}

/** One call from a cell to another of its row. */
export interface Move {
  readonly from: number;
  readonly to: number;
  readonly penalty: number;
  readonly dv: number;
}

export interface Moves {
  /** By core of origin, each in order of penalty. */
  readonly byCore: readonly (readonly Move[])[];
  /** Many moves had equal figures, and only some of each kind were kept. */
  readonly repeating: boolean;
  /** Differences of `v` below this count as none between moves of equal penalty. */
  readonly vGrid: number;
  /** All moves are there. */
  readonly complete: boolean;
}

/** Up to so many moves equal ones are all kept, since only then the search can be complete. */
const FEW_MOVES = 300;
const MAX_MOVES = 1000;
const BINS = 256;
/** Of moves that are equal in all figures a pair can use two. */
export const TWINS = 2;

/** The moves of least penalty, up to `gap`. */
export function cheapestMoves(problem: Transport, { x, r }: Base, gap: number): Moves {
  const { rows, m, v } = problem;
  const bins = new Int32Array(BINS + 1);
  const each = (visit: (from: number, to: number, bin: number) => void): void => {
    for (let row = 0; row < rows; row++) {
      for (let from = row * m; from < row * m + m; from++) {
        if (x[from] === 0) continue;
        for (let to = row * m; to < row * m + m; to++) {
          const bin = Math.ceil(((r[to]! - r[from]!) / gap) * BINS);
          if (bin <= BINS && to !== from) visit(from, to, Math.max(0, bin));
        }
      }
    }
  };
  each((_from, _to, bin) => bins[bin]!++);
  let last = 0;
  for (let count = bins[0]!; last < BINS && count + bins[last + 1]! <= MAX_MOVES; ) count += bins[++last]!;

  const all: Move[] = [];
  // Snapped to a grid, so that rounding does not separate equal moves.
  const grid = gap * 1e-9;
  const vGrid = meanRange(problem, v) * 1e-5;
  each((from, to, bin) => {
    const penalty = Math.round((r[to]! - r[from]!) / grid) * grid;
    if (bin <= last) all.push({ from, to, penalty, dv: v[to]! - v[from]! });
  });
  const pair = ({ from, to }: Move): number => (from % m) * m + (to % m);
  const byPenalty = (a: Move, b: Move): number => a.penalty - b.penalty || a.dv - b.dv;
  let kept = all;
  if (all.length > FEW_MOVES) {
    all.sort((a, b) => pair(a) - pair(b) || byPenalty(a, b));
    kept = all.filter((move, at) => {
      const twin = all[at - TWINS];
      return !twin || pair(twin) !== pair(move) || twin.penalty !== move.penalty || move.dv - twin.dv > vGrid;
    });
  }
  const repeating = kept.length < all.length;
  const byCore: Move[][] = Array.from({ length: m }, () => []);
  for (const move of kept.sort(byPenalty)) byCore[move.from % m]!.push(move);
  return { byCore, repeating, vGrid, complete: !repeating && last === BINS };
}
