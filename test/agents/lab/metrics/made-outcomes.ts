import fc from 'fast-check';
import type { Outcomes, Predictions, Weights } from '../../../../agents/lab/metrics/outcomes.js';

type Rows = readonly (readonly number[])[];

/** Outcomes by rows of scores and costs; tokens are 100 x the cost. NaN = no answer. */
export function outcomesFrom(score: Rows, cost: Rows = score.map((row) => row.map(() => 1))): Outcomes {
  const costUsd = Float64Array.from(cost.flat());
  return {
    records: score.length,
    models: score[0]?.length ?? 0,
    score: Float64Array.from(score.flat()),
    outputTokens: costUsd.map((value) => 100 * value),
    costUsd,
  };
}

/** Predictions by rows of quality and cost; tokens are 100 x the cost. */
export function predictionsFrom(quality: Rows, cost: Rows = quality.map((row) => row.map(() => 1))): Predictions {
  const costMean = Float64Array.from(cost.flat());
  return {
    quality: Float64Array.from(quality.flat()),
    tokensMean: costMean.map((value) => 100 * value),
    tokensP90: costMean.map((value) => 200 * value),
    costMean,
  };
}

/** Each record as often as its weight says. */
export function repeated<T extends Outcomes | Predictions>(values: T, models: number, weights: Weights): T {
  const rows = Array.from(weights).flatMap((times, row) => new Array<number>(times).fill(row));
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => [
      key,
      value instanceof Float64Array
        ? Float64Array.from(rows.flatMap((row) => [...value.subarray(row * models, (row + 1) * models)]))
        : key === 'records'
          ? rows.length
          : value,
    ]),
  ) as T;
}

/** A table of numbers with gaps and ties, what is said of it, and weights of its rows. */
export function tables({ gaps }: { readonly gaps: boolean }) {
  return fc
    .record({ records: fc.integer({ min: 1, max: 12 }), models: fc.integer({ min: 1, max: 4 }) })
    .chain(({ records, models }) => {
      const cells = <T>(of: fc.Arbitrary<T>) =>
        fc.array(fc.array(of, { minLength: models, maxLength: models }), { minLength: records, maxLength: records });
      const score = fc.oneof(
        { weight: 6, arbitrary: fc.constantFrom(0, 1) },
        { weight: 1, arbitrary: fc.constantFrom(0.25, 0.5) },
        ...(gaps ? [{ weight: 1, arbitrary: fc.constant(Number.NaN) }] : []),
      );
      return fc.record({
        score: cells(score),
        cost: cells(fc.integer({ min: 0, max: 9 })),
        quality: cells(fc.integer({ min: 0, max: 20 }).map((value) => value / 20)),
        expected: cells(fc.integer({ min: 0, max: 9 })),
        weights: fc
          .array(fc.integer({ min: 0, max: 3 }), { minLength: records, maxLength: records })
          .map((counts) => Uint16Array.from(counts)),
      });
    });
}
