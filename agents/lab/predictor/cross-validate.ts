import type { OutcomeRecord } from '../../../kernel/outcomes/record.js';
import type { Artefact } from '../../../schedulers/eccos/predictor/artefact.js';
import type { IdentifiedEncoder } from '../../../schedulers/eccos/predictor/open-predictor.js';
import type { CoreInfo } from '../../../syscalls/cores.js';
import { Random } from '../load/random.js';
import { DatasetTable } from '../metrics/dataset-table.js';
import { outcomesOf, type Predictions } from '../metrics/outcomes.js';
import type { SeenRecord } from '../training/train-predictor.js';
import type { TrainingPool } from '../training/training-pool.js';
import { type Fold, foldsOf, trainFold, withPredictor } from './folds.js';
import { NeighbourPredictor } from './neighbour-predictor.js';
import { copyRows, coresOf, emptyPredictions, predictRows, teach } from './record-calls.js';
import { SeenEncoder } from './see-records.js';
import type { WithoutNets } from './shown-records.js';

/** Rated records that a core gets which the nets were not trained on. */
const NEW_MODEL_RECORDS = 50;
/** Trainings of a fold: on all models, and without each half of them. */
const TRAININGS = 3;

export interface CrossValidation {
  /** What messages call the records. */
  readonly source: string;
  readonly folds: number;
  readonly seed: number;
  readonly models: readonly string[];
  readonly encoder: IdentifiedEncoder;
  readonly pool: TrainingPool;
  /** Receives by how much the share of the work that is done has grown. */
  readonly onProgress: (share: number) => void;
}

/** Predictions of every record by predictors that were not trained on it, [records x models]. */
export interface OutOfFold extends WithoutNets {
  /** Fold of each record. */
  readonly groups: Int32Array;
  readonly predictor: Predictions;
  /** Of each model by a predictor that was not trained on it, and then got 50 rated records. */
  readonly newModel: Predictions;
}

export interface CrossValidated extends OutOfFold {
  /** The predictor of the first fold. */
  readonly artefact: Artefact;
}

/** Trains and predicts fold by fold, as many at a time as the pool has threads. Same records and seed: same predictions. */
export async function crossValidate(records: readonly SeenRecord[], setup: CrossValidation): Promise<CrossValidated> {
  const { models, folds, seed, encoder } = setup;
  const plain = records.map(({ record }) => record);
  const empty = () => emptyPredictions(records.length * models.length);
  const context: Context = {
    setup,
    cores: coresOf(plain, models),
    seen: { encoder: new SeenEncoder(records, encoder.encoder.dimensions), sha256: encoder.sha256 },
    out: {
      groups: new Int32Array(records.length),
      predictor: empty(),
      newModel: empty(),
      dataSetMeans: empty(),
      sixteenNeighbours: empty(),
      weightedNeighbours: empty(),
    },
  };
  const artefacts = await Promise.all(
    foldsOf(records, folds, seed).map((fold, group) => {
      for (const { row } of fold.held) context.out.groups[row] = group;
      return runFold(fold, context);
    }),
  );
  return { ...context.out, artefact: artefacts[0] as Artefact };
}

interface Context {
  readonly setup: CrossValidation;
  readonly cores: readonly CoreInfo[];
  readonly seen: IdentifiedEncoder;
  readonly out: OutOfFold;
}

/** @returns the predictor that knows all models */
async function runFold(fold: Fold, context: Context): Promise<Artefact> {
  const { cores, setup, seen, out } = context;
  const { held } = fold;
  const rows = held.map(({ row }) => row);
  const known = [...fold.train, ...fold.validation].map(({ record }) => record);
  const artefact = await train(fold, setup.models, context);
  await withPredictor(artefact, seen, (predictor) => predictRows(predictor, held, cores, out.predictor));
  for (const half of [0, 1]) await predictNewModels(fold, half, known, context);

  const table = new DatasetTable(
    outcomesOf(known, setup.models),
    known.map(({ dataset }) => dataset),
  );
  copyRows(table.predict(held.map(({ record }) => record.dataset)), rows, out.dataSetMeans, cores.length);
  const neighbours = await NeighbourPredictor.of(known, new Set(setup.models), seen);
  await neighbours.predictRows(held, cores, out);
  return artefact;
}

/** Trains without one half of the models, and gets to know each of them by itself from a few rated records. */
async function predictNewModels(
  fold: Fold,
  half: number,
  known: readonly OutcomeRecord[],
  context: Context,
): Promise<void> {
  const { cores, setup, seen, out } = context;
  const isNew = (place: number) => place % 2 === half;
  const trained = setup.models.filter((_, place) => !isNew(place));
  const unknown = cores.filter((_, place) => isNew(place));
  if (trained.length === 0 || unknown.length === 0) return;
  const artefact = await train(fold, trained, context);
  // Files may be in order of what they are about.
  const shuffled = new Random(setup.seed).shuffled(known);
  for (const core of unknown) {
    const answered = shuffled.filter(({ outputs }) => outputs.some(({ model }) => model === core.id));
    await withPredictor(artefact, seen, async (predictor) => {
      await teach(predictor, answered.slice(0, NEW_MODEL_RECORDS), cores, { rated: [core] });
      await predictRows(predictor, fold.held, cores, out.newModel, { columns: [cores.indexOf(core)] });
    });
  }
}

function train(fold: Fold, models: readonly string[], { setup, seen }: Context): Promise<Artefact> {
  const { onProgress, folds } = setup;
  return trainFold(fold, models, {
    ...setup,
    seen,
    onProgress: (share) => onProgress(share / (folds * TRAININGS)),
  });
}
