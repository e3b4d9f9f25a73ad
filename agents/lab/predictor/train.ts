import type { Artefact } from '../../../schedulers/eccos/predictor/artefact.js';
import { openIdentified, predictorOf } from '../../../schedulers/eccos/predictor/open-predictor.js';
import { brierScore, calibrationError } from '../metrics/calibration.js';
import { auc } from '../metrics/discrimination.js';
import { onceEach, outcomesOf } from '../metrics/outcomes.js';
import { logTokensR2, p90Coverage } from '../metrics/token-figures.js';
import { modelsOf, type RecordFile } from '../records/labelled-records.js';
import { splitOf } from '../records/split.js';
import { trainPredictor } from '../training/train-predictor.js';
import { TrainingPool } from '../training/training-pool.js';
import type { Progress } from './progress.js';
import { coresOf, emptyPredictions, predictRows } from './record-calls.js';
import { SeenEncoder, seeRecords } from './see-records.js';

export interface TrainOptions {
  readonly files: readonly RecordFile[];
  /** Undefined: every one. */
  readonly models: readonly string[] | undefined;
  readonly seed: number;
  /** Folder of another encoder than the shipped one. */
  readonly encoder: string | undefined;
  readonly progress: Progress;
}

/**
 * Trains on the train split, stops on the validation split and measures there. The test split is not looked at.
 *
 * @throws SyscallError `invalid-config` for an unknown model, or too few records
 */
export async function train({ files, models, seed, encoder: folder, progress }: TrainOptions): Promise<Artefact> {
  const records = files.flatMap((file) => file.records).filter(({ prompt }) => splitOf(prompt) !== 'test');
  const chosen = modelsOf(records, models);
  const cores = coresOf(records, chosen);
  const identified = await openIdentified(folder);
  const pool = new TrainingPool(1);
  try {
    progress.start('encoding');
    const seen = await seeRecords(identified.encoder, records, (count) => progress.grow(count / records.length));
    progress.stop();
    const part = (split: string) => seen.filter(({ record }) => splitOf(record.prompt) === split);
    const parts = { train: part('train'), validation: part('validation') };
    progress.start('training');
    let done = 0;
    const { sha256 } = identified;
    const { dimensions } = identified.encoder;
    const artefact = await trainPredictor(
      parts,
      {
        models: chosen,
        seed,
        encoder: { sha256, dimensions },
        data: files.map(({ fingerprint }) => fingerprint),
        source: files.map(({ path }) => path).join(', '),
        onProgress(share) {
          progress.grow(share - done);
          done = share;
        },
      },
      pool,
    );
    progress.stop();
    const held = parts.validation.map(({ record }) => record);
    const predictor = await predictorOf(
      artefact,
      { encoder: new SeenEncoder(seen, dimensions), sha256 },
      'the new one',
    );
    const predictions = emptyPredictions(held.length * chosen.length);
    await predictRows(
      predictor,
      held.map((record, row) => ({ row, record })),
      cores,
      predictions,
    );
    await predictor.close();
    const outcomes = outcomesOf(held, chosen);
    const once = onceEach(held.length);
    const metrics = {
      auc: auc(outcomes, predictions)(once),
      ece: calibrationError(outcomes, predictions)(once),
      brier: brierScore(outcomes, predictions)(once),
      tokensR2Log: logTokensR2(outcomes, predictions)(once),
      tokensP90Coverage: p90Coverage(outcomes, predictions)(once),
    };
    return { ...artefact, file: { ...artefact.file, metrics } };
  } finally {
    progress.stop();
    await pool.close();
    await identified.encoder.close();
  }
}
