/**
 * The one problem that every form is turned into: least `sum u x` such that row `i` is placed `size[i]` times,
 * core `j` takes at most `caps[j]` placements, and `sum v x <= limit`.
 *
 * Matrices are row-major, cell `i * m + j`. An absent pair has `u = Infinity` and `v = 0`, never a large number.
 */
export interface Transport {
  readonly rows: number;
  readonly m: number;
  readonly u: Float64Array;
  readonly v: Float64Array;
  /** Identical calls share one row; the sizes sum to `total`. */
  readonly size: Int32Array;
  readonly caps: Int32Array;
  readonly total: number;
  readonly limit: number;
}

/** How often each cell is used, with its sums as added up from `x` itself. */
export interface Placement {
  readonly x: Int32Array;
  readonly u: number;
  readonly v: number;
}

/** Counts of work done; a caller that must bound its time decides on these, never on a clock. */
export interface Work {
  /** Distinct rows after identical calls were merged. */
  rows: number;
  /** Transportation problems solved at a fixed price. */
  flows: number;
  /** Shortest paths along which those solves moved calls. */
  augmentations: number;
  /** Composite moves looked at by the polish. */
  composites: number;
  /** Nodes visited by the proof of optimality. */
  nodes: number;
}

/** Adds up a placement from its counts. */
export function place({ u, v }: Transport, x: Int32Array): Placement {
  let sumU = 0;
  let sumV = 0;
  for (let cell = 0; cell < x.length; cell++) {
    const count = x[cell]!;
    if (count > 0) {
      sumU += count * u[cell]!;
      sumV += count * v[cell]!;
    }
  }
  return { x, u: sumU, v: sumV };
}

/** Placements on each core. */
export function loads({ m }: Transport, x: Int32Array): Int32Array {
  const load = new Int32Array(m);
  for (let cell = 0; cell < x.length; ) for (let j = 0; j < m; j++) load[j]! += x[cell++]!;
  return load;
}

/** Mean over the rows of the spread between usable cells, the natural unit of `u` or `v`. */
export function meanRange({ rows, m, u }: Transport, values: Float64Array): number {
  let sum = 0;
  for (let row = 0; row < rows; row++) {
    let least = Infinity;
    let most = -Infinity;
    for (let cell = row * m; cell < row * m + m; cell++) {
      if (u[cell] === Infinity) continue;
      least = Math.min(least, values[cell]!);
      most = Math.max(most, values[cell]!);
    }
    sum += most - least;
  }
  return sum / rows;
}
