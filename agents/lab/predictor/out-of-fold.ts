import type { OutcomeRecord } from '../../../kernel/outcomes/record.js';
import { type IdentifiedEncoder, openIdentified } from '../../../schedulers/eccos/predictor/open-predictor.js';
import type { CoreInfo } from '../../../syscalls/cores.js';
import type { Predictions } from '../metrics/outcomes.js';
import { TrainingPool } from '../training/training-pool.js';
import { type Fold, type FoldTraining, foldsOf, trainFold, withPredictor } from './folds.js';
import { NeighbourPredictor } from './neighbour-predictor.js';
import type { Progress } from './progress.js';
import { emptyPredictions, predictRows } from './record-calls.js';
import { SeenEncoder, seeRecords } from './see-records.js';

export interface OutOfFoldOptions {
  /** What messages call the records. */
  readonly source: string;
  readonly records: readonly OutcomeRecord[];
  /** The chosen models, in order. */
  readonly cores: readonly CoreInfo[];
  readonly folds: number;
  readonly seed: number;
  /** Folder; undefined: the shipped encoder. */
  readonly encoder: string | undefined;
  readonly threads: number;
  readonly progress: Progress;
}

/** Of every record by those that have not seen it, [records x cores]. */
export interface OutOfFoldPredictions {
  readonly predictor: Predictions;
  /** Means of the 16 nearest prompts. */
  readonly neighbours: Predictions;
}

/**
 * Trains a predictor for each fold on the other folds, and predicts. Of `crossValidate` it does that part which routing
 * rests on, a third of the work. Same records and seed: same predictions.
 *
 * @throws SyscallError `invalid-config` for too few records
 */
export async function predictOutOfFold(options: OutOfFoldOptions): Promise<OutOfFoldPredictions> {
  const { source, records, cores, folds, seed, progress, threads } = options;
  const { encoder, sha256 } = await openIdentified(options.encoder);
  const pool = new TrainingPool(threads);
  const empty = () => emptyPredictions(records.length * cores.length);
  const out = { predictor: empty(), neighbours: empty() };
  try {
    progress.start('encoding');
    const all = await seeRecords(encoder, records, (count) => progress.grow(count / records.length));
    progress.stop();
    progress.start('training');
    const seen = { encoder: new SeenEncoder(all, encoder.dimensions), sha256 };
    const onProgress = (share: number) => progress.grow(share / folds);
    await Promise.all(
      foldsOf(all, folds, seed).map((fold) => predictFold(fold, cores, out, { source, seed, seen, pool, onProgress })),
    );
  } finally {
    progress.stop();
    await pool.close();
    await encoder.close();
  }
  return out;
}

async function predictFold(
  fold: Fold,
  cores: readonly CoreInfo[],
  out: OutOfFoldPredictions,
  training: FoldTraining & { readonly seen: IdentifiedEncoder },
): Promise<void> {
  const models = cores.map(({ id }) => id);
  const artefact = await trainFold(fold, models, training);
  await withPredictor(artefact, training.seen, (predictor) => predictRows(predictor, fold.held, cores, out.predictor));
  const known = [...fold.train, ...fold.validation].map(({ record }) => record);
  const neighbours = await NeighbourPredictor.of(known, new Set(models), training.seen);
  await predictRows(neighbours, fold.held, cores, out.neighbours);
}
