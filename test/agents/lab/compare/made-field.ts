import { type BatchField, fieldOf } from '../../../../agents/lab/compare/batch-field.js';
import { recordedCores } from '../../../../agents/lab/compare/recorded-source.js';
import type { Predictions } from '../../../../agents/lab/metrics/outcomes.js';
import type { OutcomeRecord } from '../../../../kernel/outcomes/record.js';
import { outcomeRecord } from '../../../support/outcomes.js';

/** Score and US dollars of each model. */
export type Row = Readonly<Record<string, readonly [score: number, costUsd: number]>>;

/** Records of made-up prompts; answers have as many tokens as they cost millionths of a dollar. */
export function recordsOf(rows: readonly Row[]): OutcomeRecord[] {
  return rows.map((row, i) =>
    outcomeRecord(
      `prompt ${i}`,
      Object.fromEntries(
        Object.entries(row).map(([model, [score, costUsd]]) => [model, [score, Math.round(costUsd * 1e6), costUsd]]),
      ),
    ),
  );
}

/** Records whose scores and costs are predicted as they are, by both predictors. */
export function fieldFrom(rows: readonly Row[], caps: Readonly<Record<string, number>>): BatchField {
  const records = recordsOf(rows);
  const models = Object.keys(caps);
  const cores = recordedCores(records, models, ['made up']).map((core) => ({ ...core, cap: caps[core.id] as number }));
  const cells = (of: (cell: Row[string]) => number) =>
    Float64Array.from(
      rows.flatMap((row) => models.map((model) => (row[model] === undefined ? Number.NaN : of(row[model])))),
    );
  const predictions: Predictions = {
    quality: cells(([score]) => score),
    tokensMean: cells(([, costUsd]) => 1e6 * costUsd),
    tokensP90: cells(([, costUsd]) => 1e6 * costUsd),
    costMean: cells(([, costUsd]) => costUsd),
  };
  return fieldOf(records, cores, { predictor: predictions, neighbours: predictions });
}
