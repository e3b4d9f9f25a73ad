import type { Task } from '../assign/problem.js';
import type { Transport, Work } from '../assign/transport.js';

/** An assignment with its certificate; caps, floors and forbidden pairs hold in every one that the optimiser returns. */
export interface AssignmentSolution {
  /** `infeasible`: the quality or budget is out of reach; the assignment then comes as near to it as possible. */
  readonly status: 'solved' | 'infeasible';
  /** Core of each call, -1 = stays pending. */
  readonly assignment: Int32Array;
  /** Total dollars. */
  readonly cost: number;
  /** Total quality over the served calls. */
  readonly quality: number;
  /**
   * No assignment of the served calls can do better: least cost (`alpha`), most quality (`budget`) or least
   * `cost - lambda * quality` (`lambda`). If infeasible, it is the bound for the nearest reachable target.
   */
  readonly bound: number;
  /** Distance of the assignment from `bound`, from 0 up, in its unit. */
  readonly gap: number;
  /** Shadow price of the target: dollars per unit of total quality (`alpha`), quality per dollar (`budget`), or as given. */
  readonly lambda: number;
  /** Shadow price of one more slot on each core in this solve: dollars, in the `budget` form quality. */
  readonly mu: Float64Array;
  /** True if the assignment is proved to be optimal. */
  readonly exact: boolean;
  /** Calls that no core with a slot may serve. */
  readonly unservable: Int32Array;
  /** Counts of work done, to bound the time of a solve without a clock. */
  readonly work: Work;
}

/** Sums a finished assignment up from the inputs themselves, never from incremental figures. */
export function toSolution(
  { n, m, cost, quality, form }: Task,
  found: Omit<AssignmentSolution, 'cost' | 'quality' | 'gap'>,
): AssignmentSolution {
  let sumCost = 0;
  let sumQuality = 0;
  for (let i = 0; i < n; i++) {
    const core = found.assignment[i]!;
    if (core < 0) continue;
    sumCost += cost[i * m + core]!;
    sumQuality += quality[i * m + core]!;
  }
  const value = form.uCost * sumCost + form.uQuality * sumQuality;
  // `found.bound` is of the minimised form; rounding must not lift it above the value.
  const bound = Math.min(found.bound, value);
  const shown = form.kind === 'budget' ? 0 - bound : bound;
  return { ...found, cost: sumCost, quality: sumQuality, bound: shown, gap: value - bound };
}

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
