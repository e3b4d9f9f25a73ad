import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type Evaluation, evaluationOf } from '../../../../agents/lab/evaluate/evaluation.js';
import { DatasetTable } from '../../../../agents/lab/metrics/dataset-table.js';
import { outcomesOf } from '../../../../agents/lab/metrics/outcomes.js';
import { splitOf } from '../../../../agents/lab/records/split.js';
import { readOutcomes } from '../../../../kernel/outcomes/file.js';
import type { OutcomeRecord } from '../../../../kernel/outcomes/record.js';
import { sharedData } from '../../../support/outcomes.js';

const MMLUPRO = sharedData('mmlupro.jsonl.gz');
const ZEROEVAL = sharedData('zeroeval.jsonl.gz');
const ZEROEVAL10 = sharedData('zeroeval10.txt');

/** The table of sub-dataset means, fitted on the training part, as if it were the predictor. */
async function tableOn(file: string, chosen?: readonly string[]): Promise<Evaluation> {
  const records: OutcomeRecord[] = [];
  for await (const { record } of readOutcomes(file)) records.push(record);
  const models = chosen ?? [...new Set(records.flatMap(({ outputs }) => outputs.map(({ model }) => model)))];
  const train = records.filter(({ prompt }) => splitOf(prompt) === 'train');
  const table = new DatasetTable(
    outcomesOf(train, models),
    train.map(({ dataset }) => dataset),
  );
  return {
    command: '',
    data: [file],
    split: 'all',
    folds: null,
    feedback: { asked: 0, learnt: 0 },
    models: [...models],
    outcomes: outcomesOf(records, models),
    predictor: { predictions: table.predict(records.map(({ dataset }) => dataset)) },
    baselines: {},
    resamples: 50,
  };
}

describe.skipIf(MMLUPRO === undefined || ZEROEVAL === undefined || ZEROEVAL10 === undefined)(
  'on recorded outcomes',
  () => {
    test.each([
      // Known of the same data: AUC of such a table, and what mixing two models saves at 98 %.
      { name: 'mmlupro', file: MMLUPRO, models: 12, auc: 0.647, leftOut: 1369, zero: 0.23, best: 'gemini-1.5-pro-002' },
      {
        name: 'zeroeval21',
        file: ZEROEVAL,
        models: 21,
        auc: 0.801,
        leftOut: 0,
        zero: 0.3,
        best: 'claude-3-5-sonnet-20241022',
      },
      { name: 'zeroeval10', file: ZEROEVAL, models: 10, auc: 0.801, leftOut: 0, zero: 0.32, best: 'gpt-4o-2024-08-06' },
    ])('$name', async ({ file = '', models, auc, leftOut, zero, best }) => {
      const chosen =
        models === 10
          ? readFileSync(ZEROEVAL10 ?? '', 'utf8')
              .trim()
              .split(/\s+/)
          : undefined;
      const report = evaluationOf(await tableOn(file, chosen));
      const { 'zero router': mixed, oracle } = report.baselines;
      expect(report).toMatchObject({ leftOut });
      expect(report.models).toHaveLength(models);
      expect(Math.abs((report.auc?.mean ?? 0) - auc)).toBeLessThan(0.02);
      expect(Math.abs((mixed?.routing.savingAt['0.98']?.mean ?? 0) - zero)).toBeLessThan(0.06);
      const [strongest] = report.singles.toSorted((a, b) => b.quality - a.quality);
      expect(strongest?.model).toBe(best);
      expect(oracle?.routing.savingAt['1.00']?.mean).toBeGreaterThan(0.95);
      const [mixedSaves, tableSaves, oracleSaves] = [mixed, report, oracle].map(
        (own) => own?.routing.savingAt['0.98']?.mean ?? Number.NaN,
      );
      expect(tableSaves).toBeGreaterThan(mixedSaves as number);
      expect(oracleSaves).toBeGreaterThan(tableSaves as number);
    });
  },
);
