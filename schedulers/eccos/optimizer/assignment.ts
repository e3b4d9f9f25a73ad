import type { Work } from './transport.js';

/**
 * Which core serves which pending call. Matrices are row-major: call `i` on core `j` is at `i * m + j`.
 * Exactly one of `alpha`, `budget` and `lambda` chooses the form.
 */
export interface AssignmentProblem {
  /** Number of pending calls. */
  readonly n: number;
  /** Number of cores. */
  readonly m: number;
  /** Dollars, n x m. A pair whose cost or quality is not finite, or beyond 1e100, is forbidden. */
  readonly cost: ArrayLike<number>;
  /** Predicted quality, n x m, 0 to 1. */
  readonly quality: ArrayLike<number>;
  /** Free slots of each core, m; Infinity means n; fractions are cut off, negatives count as 0. */
  readonly caps: ArrayLike<number>;
  /** Reach this mean quality over the calls that are served, at least cost. */
  readonly alpha?: number;
  /** Reach the best total quality for at most so many dollars. */
  readonly budget?: number;
  /** Minimise `cost - lambda * quality`: dollars for each unit of quality, from 0 up. */
  readonly lambda?: number;
  /** Pairs that may be used, n x m, true or 1. @default all */
  readonly allowed?: ArrayLike<boolean | number>;
  /** Least quality of each call, n. @default no floor */
  readonly minQuality?: ArrayLike<number>;
  /** When slots are short, calls with the larger `priority + age` are served, n. @default 0 */
  readonly priority?: ArrayLike<number>;
  /** Time waited, in the unit that is worth one point of priority, n. @default 0 */
  readonly age?: ArrayLike<number>;
  /** Calls that go before all others, oldest first, n. @default none */
  readonly overdue?: ArrayLike<boolean | number>;
  /** Prices of an earlier, similar problem, such as its whole solution. Unusable ones are ignored. */
  readonly warm?: { readonly lambda: number; readonly mu: ArrayLike<number> };
  /** Relative gap at which improving stops; 0 looks for the optimum. @default 1e-5 */
  readonly relGap?: number;
}

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
