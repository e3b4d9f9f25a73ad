import { LARGEST, type Task } from './problem.js';

/**
 * The one problem that every form is turned into: least `sum u x` such that row `i` stands for `size[i]` calls, each on one core,
 * core `j` takes at most `caps[j]` calls, and `sum v x <= limit`.
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
export interface Flow {
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
  /** Composite moves that the exact optimiser looked at. */
  composites: number;
  /** Nodes that its proof of optimality visited. */
  nodes: number;
}

/** No work yet. */
export function noWork({ rows }: Transport): Work {
  return { rows, flows: 0, augmentations: 0, composites: 0, nodes: 0 };
}

/** Adds up a flow from its counts. */
export function flowOf({ u, v }: Transport, x: Int32Array): Flow {
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

/** Calls on each core. */
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

/** What the rows of a problem are made from. */
export type Pairs = Pick<Task, 'm' | 'cost' | 'quality' | 'caps' | 'eligible' | 'form'>;

/** The transportation problem of the served calls, and which of its rows stands for each of them. */
export interface Merged {
  readonly problem: Transport;
  readonly calls: Int32Array;
  readonly rowOf: Int32Array;
}

/** Calls that are equal on every usable core become one row, so that 10,000 identical calls cost as much as one. */
export function mergeRows({ m, cost, quality, caps, eligible, form }: Pairs, served: Uint8Array): Merged {
  const calls = Int32Array.from(served.keys()).filter((call) => served[call] === 1);
  const total = calls.length;
  const u = new Float64Array(total * m);
  const v = new Float64Array(total * m);
  const size = new Int32Array(total);
  const rowOf = new Int32Array(total);
  const bits = { u: new Int32Array(u.buffer), v: new Int32Array(v.buffer) };
  const slots = new Int32Array(2 ** Math.ceil(Math.log2(2 * total + 2))).fill(-1);
  let rows = 0;

  const same = (values: Float64Array, row: number): boolean => {
    for (let j = 0; j < m; j++) if (values[row * m + j] !== values[rows * m + j]) return false;
    return true;
  };
  for (let at = 0; at < total; at++) {
    // Written behind the last row; kept there only if no earlier row is equal.
    for (let j = 0, from = calls[at]! * m, to = rows * m; j < m; j++, from++, to++) {
      const usable = eligible[from] === 1 && caps[j]! > 0;
      u[to] = usable ? flush(form.uCost * cost[from]! + form.uQuality * quality[from]!) : Infinity;
      v[to] = usable ? flush(form.vCost * cost[from]! + form.vQuality * quality[from]!) : 0;
    }
    let hash = 0;
    for (let word = 2 * rows * m; word < 2 * (rows + 1) * m; word++) {
      hash = Math.imul(hash ^ bits.u[word]!, 0x9e3779b1);
      hash = Math.imul((hash >>> 15) ^ hash ^ bits.v[word]!, 0x85ebca6b);
    }
    let slot = (hash ^ (hash >>> 16)) & (slots.length - 1);
    while (slots[slot]! >= 0 && !(same(u, slots[slot]!) && same(v, slots[slot]!)))
      slot = (slot + 1) & (slots.length - 1);
    if (slots[slot]! < 0) slots[slot] = rows++;
    rowOf[at] = slots[slot]!;
    size[rowOf[at]!]!++;
  }
  const problem = {
    rows,
    m,
    u: u.subarray(0, rows * m),
    v: v.subarray(0, rows * m),
    size: size.subarray(0, rows),
    caps: caps.map((cap) => Math.min(cap, total)),
    total,
    limit: limitOf(form, total),
  };
  return { problem, calls, rowOf };
}

/** Next to nothing is 0, so that no quotient overflows; and so is -0, which would hash differently. */
function flush(value: number): number {
  return Math.abs(value) < 1 / LARGEST ? 0 : value;
}

/** A hair above the exact limit, so that rounding alone never breaks it. */
function limitOf({ kind, value }: Task['form'], served: number): number {
  if (kind === 'alpha') return served * (-value + 1e-12 * (1 + Math.abs(value)));
  return kind === 'budget' ? value + 1e-12 * Math.abs(value) : 0;
}

/** Deals the counts of a flow out to the calls; equal calls take their cores in order of index. */
export function expand({ problem, calls, rowOf }: Merged, x: Int32Array, n: number): Int32Array {
  const { rows, m } = problem;
  const left = x.slice();
  const next = Int32Array.from({ length: rows }, (_, row) => row * m);
  const assignment = new Int32Array(n).fill(-1);
  for (let at = 0; at < calls.length; at++) {
    const row = rowOf[at]!;
    while (left[next[row]!] === 0) next[row]!++;
    left[next[row]!]!--;
    assignment[calls[at]!] = next[row]! - row * m;
  }
  return assignment;
}
