import highsModule from 'highs';
import type { FluidLoad } from '../../../../agents/lab/bound/fluid-bound.js';

/** The same linear program for HiGHS, by the predicted figures alone: US dollars; null: infeasible. */
export async function leastCost({ n, m, predicted, capacity }: FluidLoad, alpha: number): Promise<number | null> {
  // Its types describe a CommonJS module, where the loader would be `default.default`; imported, it is the default.
  const highs = await (highsModule as unknown as typeof highsModule.default)();
  // Its tolerances are absolute: costs are scaled to mean 1.
  const scale = predicted.costUsd.reduce((sum, usd) => sum + usd, 0) / (n * m);
  const indices = new Int32Array(3 * n * m);
  const values = new Float64Array(3 * n * m);
  for (let cell = 0; cell < n * m; cell++) {
    indices.set([Math.floor(cell / m), n + (cell % m), n + m], 3 * cell);
    values.set([1, predicted.seconds[cell]!, predicted.quality[cell]!], 3 * cell);
  }
  const { infinity } = highs;
  const model = highs.createModel({
    numCols: n * m,
    numRows: n + m + 1,
    colCost: predicted.costUsd.map((usd) => usd / scale),
    colLower: new Float64Array(n * m),
    colUpper: new Float64Array(n * m).fill(1),
    rowLower: Float64Array.of(...new Float64Array(n).fill(1), ...capacity.map(() => -infinity), alpha * n),
    rowUpper: Float64Array.of(...new Float64Array(n).fill(1), ...capacity, infinity),
    matrix: {
      format: 'csc',
      numRows: n + m + 1,
      numCols: n * m,
      starts: Int32Array.from({ length: n * m + 1 }, (_, at) => 3 * at),
      indices,
      values,
    },
  });
  try {
    model.options.set({ output_flag: false });
    model.run();
    return model.getModelStatus() === 7 ? scale * model.getObjectiveValue() : null;
  } finally {
    model.dispose();
  }
}
