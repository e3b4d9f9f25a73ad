import type { OutcomeRecord } from '../../../kernel/outcomes/record.js';
import {
  type IdentifiedEncoder,
  openIdentified,
  predictorOf,
} from '../../../schedulers/eccos/predictor/open-predictor.js';
import type { CoreInfo } from '../../../syscalls/cores.js';
import type { Predictions } from '../metrics/outcomes.js';
import { trainPredictor } from '../training/train-predictor.js';
import { TrainingPool } from '../training/training-pool.js';
import { type Fold, foldsOf } from './folds.js';
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

interface Setup extends OutOfFoldOptions {
  readonly seen: IdentifiedEncoder;
  readonly pool: TrainingPool;
  readonly out: OutOfFoldPredictions;
}

/**
 * Trains a predictor for each fold on the other folds, and predicts. Of `crossValidate` it does that part which routing
 * rests on, a third of the work. Same records and seed: same predictions.
 *
 * @throws SyscallError `invalid-config` for too few records
 */
export async function predictOutOfFold(options: OutOfFoldOptions): Promise<OutOfFoldPredictions> {
  const { records, cores, folds, seed, progress, threads } = options;
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
    await Promise.all(foldsOf(all, folds, seed).map((fold) => predictFold(fold, { ...options, seen, pool, out })));
  } finally {
    progress.stop();
    await pool.close();
    await encoder.close();
  }
  return out;
}

async function predictFold({ train, validation, held }: Fold, setup: Setup): Promise<void> {
  const { source, cores, folds, seed, progress, seen, pool, out } = setup;
  let done = 0;
  const artefact = await trainPredictor(
    { train, validation },
    {
      models: cores.map(({ id }) => id),
      seed,
      encoder: { sha256: seen.sha256, dimensions: seen.encoder.dimensions },
      data: [],
      source,
      onProgress(share) {
        progress.grow((share - done) / folds);
        done = share;
      },
    },
    pool,
  );
  const predictor = await predictorOf(artefact, seen, 'the predictor of a fold');
  try {
    await predictRows(predictor, held, cores, out.predictor);
  } finally {
    await predictor.close();
  }
  const known = [...train, ...validation].map(({ record }) => record);
  const neighbours = await NeighbourPredictor.of(known, new Set(cores.map(({ id }) => id)), seen);
  await predictRows(neighbours, held, cores, out.neighbours);
}
