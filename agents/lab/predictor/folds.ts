import { createHash } from 'node:crypto';
import type { SeenRecord } from '../training/train-predictor.js';

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
