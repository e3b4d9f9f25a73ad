import { expect, test } from 'vitest';
import { calibrationError } from '../../../../agents/lab/metrics/calibration.js';
import { auc } from '../../../../agents/lab/metrics/discrimination.js';
import { answeredByAll, onceEach, outcomesOf } from '../../../../agents/lab/metrics/outcomes.js';
import { p90Coverage } from '../../../../agents/lab/metrics/token-figures.js';
import { coresOf, emptyPredictions, predictRows } from '../../../../agents/lab/predictor/record-calls.js';
import { syntheticRecords } from '../../../../agents/lab/records/synthetic-records.js';
import { openPredictor } from '../../../../schedulers/eccos/predictor/open-predictor.js';

/** The synthetic default must not be easier or harder to predict than real traffic. */
test('the predictor that ships separates right from wrong on new synthetic queries, with an AUC of .70 to .85', async () => {
  const records = await syntheticRecords(300, 99);
  const models = records[0]?.outputs.map(({ model }) => model) ?? [];
  const outcomes = outcomesOf(records, models);
  expect(answeredByAll(outcomes)).toHaveLength(300);
  const predictor = await openPredictor();
  const predictions = emptyPredictions(records.length * models.length);
  const rows = records.map((record, row) => ({ row, record }));
  await predictRows(predictor, rows, coresOf(records, models), predictions);
  await predictor.close();
  const once = onceEach(records.length);
  const [area, error, covered] = [auc, calibrationError, p90Coverage].map((figure) =>
    figure(outcomes, predictions)(once),
  );
  expect(area).toBeGreaterThan(0.7);
  expect(area).toBeLessThan(0.85);
  expect(error).toBeLessThan(0.1);
  expect(covered).toBeGreaterThan(0.86);
  expect(covered).toBeLessThan(0.94);
});
