import { createHash } from 'node:crypto';
import type { Artefact } from '../../../schedulers/eccos/predictor/artefact.js';
import { type IdentifiedEncoder, predictorOf } from '../../../schedulers/eccos/predictor/open-predictor.js';
import type { Predictor } from '../../../schedulers/eccos/predictor/prediction.js';
import { type SeenRecord, trainPredictor } from '../training/train-predictor.js';
import type { TrainingPool } from '../training/training-pool.js';

/** One of every so many training records stops the training instead. */
const VALIDATION_SHARE = 8;

/** One part of a cross-validation. */
export interface Fold {
  readonly train: readonly SeenRecord[];
  readonly validation: readonly SeenRecord[];
  /** Predicted, not learnt from; rows are those of all records. */
  readonly held: readonly { readonly row: number; readonly record: SeenRecord['record'] }[];
}

/** Splits records into `count` folds by a hash of seed and prompt: a record's fold does not depend on the others. */
export function foldsOf(records: readonly SeenRecord[], count: number, seed: number): readonly Fold[] {
  const places = records.map(({ record }) => hashed(`fold:${seed}:${record.prompt}`));
  return Array.from({ length: count }, (_, fold) => {
    const rest = records.filter((_, row) => (places[row] as number) % count !== fold);
    const stops = ({ record }: SeenRecord) => hashed(`validation:${seed}:${record.prompt}`) % VALIDATION_SHARE === 0;
    return {
      train: rest.filter((one) => !stops(one)),
      validation: rest.filter(stops),
      held: [...records.entries()]
        .filter(([row]) => (places[row] as number) % count === fold)
        .map(([row, { record }]) => ({ row, record })),
    };
  });
}

/** 32 bits. */
function hashed(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE(0);
}

export interface FoldTraining {
  /** What messages call the records. */
  readonly source: string;
  readonly seed: number;
  readonly seen: IdentifiedEncoder;
  readonly pool: TrainingPool;
  /** Receives by how much the share of this training that is done has grown. */
  readonly onProgress: (share: number) => void;
}

/** Trains a predictor of these models on all but the held records. */
export async function trainFold(
  { train, validation }: Fold,
  models: readonly string[],
  { source, seed, seen, pool, onProgress }: FoldTraining,
): Promise<Artefact> {
  let done = 0;
  return trainPredictor(
    { train, validation },
    {
      models,
      seed,
      encoder: { sha256: seen.sha256, dimensions: seen.encoder.dimensions },
      data: [],
      source,
      onProgress(share) {
        onProgress(share - done);
        done = share;
      },
    },
    pool,
  );
}

/** Opens the predictor of a fold, and closes it after its use. */
export async function withPredictor(
  artefact: Artefact,
  seen: IdentifiedEncoder,
  use: (predictor: Predictor) => Promise<void>,
): Promise<void> {
  const predictor = await predictorOf(artefact, seen, 'the predictor of a fold');
  try {
    await use(predictor);
  } finally {
    await predictor.close();
  }
}
