import type { OutcomeRecord } from '../../../kernel/outcomes/record.js';
import type { IdentifiedEncoder } from '../../../schedulers/eccos/predictor/open-predictor.js';
import type { CoreInfo } from '../../../syscalls/cores.js';
import { SyscallError } from '../../../syscalls/errors.js';
import { Random } from '../load/random.js';
import { DatasetTable } from '../metrics/dataset-table.js';
import { outcomesOf, type Predictions } from '../metrics/outcomes.js';
import { type Split, splitOf } from '../records/split.js';
import { NeighbourPredictor } from './neighbour-predictor.js';
import { emptyPredictions } from './record-calls.js';

/** What one can do with rated records and no nets. */
export interface WithoutNets {
  readonly dataSetMeans: Predictions;
  readonly sixteenNeighbours: Predictions;
  readonly weightedNeighbours: Predictions;
}

interface PartsOptions {
  readonly path: string;
  readonly records: readonly OutcomeRecord[];
  readonly split: Split | 'all';
  readonly seed: number;
  /** Records to learn from. */
  readonly feedback: number;
}

/**
 * Records to learn from, and those to be measured on. The former are never those that the predictor was trained on, which
 * may leave fewer than were asked for, and are taken from other splits as long as there are any.
 *
 * @throws SyscallError `invalid-config` where nothing is left to be measured on, or it was trained on
 */
export function partsOf(
  { records, split, feedback, seed, path }: PartsOptions,
  isTrained: (record: OutcomeRecord) => boolean,
): { readonly rated: readonly OutcomeRecord[]; readonly held: readonly OutcomeRecord[] } {
  const inSplit = (record: OutcomeRecord) => split === 'all' || splitOf(record.prompt) === split;
  const fresh = records.filter((record) => !isTrained(record));
  const shuffled = new Random(seed).shuffled(fresh);
  const rated = new Set([...shuffled.filter((r) => !inSplit(r)), ...shuffled.filter(inSplit)].slice(0, feedback));
  const held = records.filter((record) => inSplit(record) && !rated.has(record));
  const known = held.filter(isTrained).length;
  if (known > 0 && split !== 'all') {
    throw new SyscallError(
      'invalid-config',
      `--split: Expected records that the predictor was not trained on, got ${known} of ${held.length} in ${split} of ${path}; --all takes them all the same`,
    );
  }
  if (held.length > 0) return { rated: [...rated], held };
  throw new SyscallError(
    'invalid-config',
    feedback === 0
      ? `--split: Expected records of ${path} in ${split}, got none`
      : `--feedback: Expected records of ${path} in ${split} to be left to measure on, got none after ${feedback}`,
  );
}

/** Predicts the records that are held from those that were shown. */
export async function predictWithoutNets(
  shown: readonly OutcomeRecord[],
  held: readonly OutcomeRecord[],
  cores: readonly CoreInfo[],
  encoder: IdentifiedEncoder,
): Promise<WithoutNets> {
  const table = new DatasetTable(
    outcomesOf(
      shown,
      cores.map(({ id }) => id),
    ),
    shown.map(({ dataset }) => dataset),
  );
  const out = {
    dataSetMeans: table.predict(held.map(({ dataset }) => dataset)),
    sixteenNeighbours: emptyPredictions(held.length * cores.length),
    weightedNeighbours: emptyPredictions(held.length * cores.length),
  };
  const neighbours = await NeighbourPredictor.of(shown, new Set(cores.map(({ id }) => id)), encoder);
  await neighbours.predictRows(
    held.map((record, row) => ({ row, record })),
    cores,
    out,
  );
  return out;
}
