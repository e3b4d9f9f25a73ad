import type { Transport } from './transport.js';

/** What each cell costs above the best cell of its row at the given prices: `u + lambda v + mu - min(...) >= 0`. */
export interface Reduced {
  readonly r: Float64Array;
  /** Lower bound of `sum u x` under the caps and the limit. */
  readonly bound: number;
}

/**
 * The certificate: `sum_i min_j (u + lambda v + mu) - sum mu caps - lambda limit` bounds the optimum from below for any
 * `lambda, mu >= 0` (weak duality), so it does not depend on how the prices were found.
 */
export function reduce(problem: Transport, limit: number, lambda: number, mu: Float64Array): Reduced {
  const { rows, m, u, v, size, caps } = problem;
  const r = new Float64Array(rows * m);
  let bound = lambda > 0 ? -lambda * limit : 0;
  for (let row = 0; row < rows; row++) {
    let least = Infinity;
    for (let j = 0, cell = row * m; j < m; j++, cell++) {
      r[cell] = u[cell]! + lambda * v[cell]! + mu[j]!;
      if (r[cell]! < least) least = r[cell]!;
    }
    for (let cell = row * m; cell < row * m + m; cell++) r[cell]! -= least;
    bound += size[row]! * least;
  }
  for (let j = 0; j < m; j++) bound -= mu[j]! * caps[j]!;
  return { r, bound };
}
