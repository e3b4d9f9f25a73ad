import { describe, expect, test } from 'vitest';
import { brierScore, calibrationError } from '../../../../agents/lab/metrics/calibration.js';
import { auc } from '../../../../agents/lab/metrics/discrimination.js';
import { onceEach, outcomesOf } from '../../../../agents/lab/metrics/outcomes.js';
import { logTokensR2, p90Coverage } from '../../../../agents/lab/metrics/token-figures.js';
import { coresOf, emptyPredictions, predictRows } from '../../../../agents/lab/predictor/record-calls.js';
import { modelsOf, readRecords } from '../../../../agents/lab/records/labelled-records.js';
import { splitOf } from '../../../../agents/lab/records/split.js';
import { readArtefact } from '../../../../schedulers/eccos/predictor/artefact.js';
import { openPredictor, shippedPredictor } from '../../../../schedulers/eccos/predictor/open-predictor.js';
import { sharedData } from '../../../support/outcomes.js';

const SETS = {
  mmlupro: { path: sharedData('mmlupro.jsonl.gz'), auc: 0.67, ece: 0.07, brier: 0.22, r2Log: 0.31 },
  zeroeval: { path: sharedData('zeroeval.jsonl.gz'), auc: 0.8, ece: 0.075, brier: 0.165, r2Log: 0.43 },
} as const;

/** Of one split and few records, so a little wider than the gates, which are means of five seeds over all records. */
describe.each(Object.entries(SETS))('on records of %s that it has not seen, the predictor that ships', (_name, set) => {
  test.skipIf(set.path === undefined)('separates right from wrong, is calibrated, and knows lengths', async () => {
    const { records } = await readRecords(set.path as string, { skipBad: false });
    const { seen } = await readArtefact(shippedPredictor());
    for (const { prompt } of records) expect(seen.has(prompt)).toBe(splitOf(prompt) !== 'test');

    const held = records.filter(({ prompt }) => splitOf(prompt) === 'test').slice(0, 350);
    const models = modelsOf(records, undefined);
    const predictor = await openPredictor();
    const predictions = emptyPredictions(held.length * models.length);
    const rows = held.map((record, row) => ({ row, record }));
    await predictRows(predictor, rows, coresOf(records, models), predictions);
    await predictor.close();
    const once = onceEach(held.length);
    const outcomes = outcomesOf(held, models);
    const [area, error, brier, r2Log, covered] = [auc, calibrationError, brierScore, logTokensR2, p90Coverage].map(
      (figure) => figure(outcomes, predictions)(once),
    );
    expect(area).toBeGreaterThan(set.auc);
    expect(error).toBeLessThan(set.ece);
    expect(brier).toBeLessThan(set.brier);
    expect(r2Log).toBeGreaterThan(set.r2Log);
    expect(covered).toBeGreaterThan(0.86);
    expect(covered).toBeLessThan(0.94);
  });
});
