import highsModule, { type Highs } from 'highs';
import type { AssignmentProblem } from '../../../../schedulers/eccos/optimizer/solve-assignment.js';

export interface Reference {
  readonly feasible: boolean;
  readonly objective: number;
}

/**
 * The same problem for HiGHS, as a linear (`lp`) or an integer program: least cost for `alpha`, most quality for
 * `budget`, for the calls that `served` names. After 10 s it counts as infeasible. Costs are scaled to mean 1, since the tolerances of HiGHS are absolute.
 */
export class HighsReference {
  readonly #highs: Highs;

  private constructor(highs: Highs) {
    this.#highs = highs;
  }

  static async load(): Promise<HighsReference> {
    // Its types describe a CommonJS module, where the loader would be `default.default`; imported, it is the default.
    const load = highsModule as unknown as typeof highsModule.default;
    return new HighsReference(await load());
  }

  solve(
    problem: AssignmentProblem,
    form: 'lp' | 'milp',
    served: (call: number) => boolean = () => true,
    relGap = 0,
  ): Reference {
    const { n, m, caps, alpha, budget } = problem;
    const calls = [...new Array(n).keys()].filter(served);
    if (calls.length === 0) return { feasible: true, objective: 0 };
    const cells: number[] = [];
    for (const call of calls) {
      for (let cell = call * m; cell < call * m + m; cell++) if (usable(problem, cell)) cells.push(cell);
    }
    const dollars = cells.map((cell) => problem.cost[cell]!);
    const scale = dollars.reduce((sum, cost) => sum + Math.abs(cost), 0) / dollars.length || 1;
    const cost = dollars.map((value) => value / scale);
    const quality = cells.map((cell) => problem.quality[cell]!);
    const objective = alpha === undefined ? quality.map((q) => -q) : cost;
    const limited = alpha === undefined ? cost : quality;

    const starts = Int32Array.from({ length: cells.length + 1 }, (_, at) => 3 * at);
    const indices = new Int32Array(3 * cells.length);
    const values = new Float64Array(3 * cells.length).fill(1);
    for (const [at, cell] of cells.entries()) {
      indices.set([Math.floor(cell / m), n + (cell % m), n + m], 3 * at);
      values[3 * at + 2] = limited[at]!;
    }
    const capOf = (j: number): number => Math.min(n, Math.max(0, Math.floor(caps[j]!)));
    const rowLower = new Float64Array(n + m + 1).fill(1);
    const rowUpper = new Float64Array(n + m + 1).fill(1);
    for (let j = 0; j < m; j++) {
      rowLower[n + j] = 0;
      rowUpper[n + j] = capOf(j);
    }
    for (let call = 0; call < n; call++) if (!served(call)) rowLower[call] = 0;
    rowLower[n + m] = alpha === undefined ? -this.#highs.infinity : alpha * calls.length;
    rowUpper[n + m] = alpha === undefined ? budget! / scale : this.#highs.infinity;
    const model = this.#highs.createModel({
      numCols: cells.length,
      numRows: n + m + 1,
      colCost: objective,
      colLower: new Float64Array(cells.length),
      colUpper: new Float64Array(cells.length).fill(1),
      rowLower,
      rowUpper,
      matrix: { format: 'csc', numRows: n + m + 1, numCols: cells.length, starts, indices, values },
      ...(form === 'milp' ? { integrality: new Int32Array(cells.length).fill(1) } : {}),
    });
    try {
      // With its default of 1e-6 a nearly integer solution passes that misses alpha by more than 1e-9.
      model.options.set({
        output_flag: false,
        mip_feasibility_tolerance: 1e-9,
        primal_feasibility_tolerance: 1e-9,
        time_limit: 10,
        mip_rel_gap: relGap,
        mip_abs_gap: relGap === 0 ? 1e-9 : 1e-6,
      });
      model.run();
      const feasible = model.getModelStatus() === 7;
      const sum = model.getObjectiveValue();
      return { feasible, objective: alpha === undefined ? -sum : sum * scale };
    } finally {
      model.dispose();
    }
  }
}

/** May the call of this cell be placed on its core? */
export function usable({ m, cost, quality, caps, allowed, minQuality }: AssignmentProblem, cell: number): boolean {
  return (
    caps[cell % m]! >= 1 &&
    Number.isFinite(cost[cell]) &&
    Number.isFinite(quality[cell]) &&
    quality[cell]! >= (minQuality?.[Math.floor(cell / m)] ?? -Infinity) &&
    Boolean(allowed?.[cell] ?? true)
  );
}
