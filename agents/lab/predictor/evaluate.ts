import type { OutcomeRecord } from '../../../kernel/outcomes/record.js';
import { readArtefact } from '../../../schedulers/eccos/predictor/artefact.js';
import {
  openIdentified,
  openPredictor,
  type PredictorFolders,
  predictorOf,
  shippedPredictor,
} from '../../../schedulers/eccos/predictor/open-predictor.js';
import type { Predictor } from '../../../schedulers/eccos/predictor/prediction.js';
import { evaluationOf } from '../evaluate/evaluation.js';
import type { EvaluationReport } from '../evaluate/report.js';
import { type Candidate, outcomesOf } from '../metrics/outcomes.js';
import { NEW_MODEL_BASELINE } from '../old-names.js';
import type { Split } from '../records/split.js';
import { TrainingPool } from '../training/training-pool.js';
import { predictAfter } from './after-ratings.js';
import { crossValidate } from './cross-validate.js';
import type { Progress } from './progress.js';
import { callOf, coresOf, emptyPredictions, predictRows, teach } from './record-calls.js';
import { seeRecords } from './see-records.js';
import { partsOf, predictWithoutNets, type WithoutNets } from './shown-records.js';

export interface EvaluateOptions {
  /** The command line that asked for it. */
  readonly command: string;
  readonly path: string;
  readonly records: readonly OutcomeRecord[];
  readonly models: readonly string[];
  readonly split: Split | 'all';
  /** Folds of a cross-validation, which trains again and looks at all records; undefined: the predictor as it is. */
  readonly folds: number | undefined;
  readonly folders: PredictorFolders;
  readonly seed: number;
  /** Rated records that the predictor learns from before it is measured. */
  readonly feedback: number;
  /** Numbers of rated answers, rising, after each of which it is measured beside means and neighbours; then `feedback` is 0. */
  readonly after: readonly number[];
  readonly threads: number;
  readonly progress: Progress;
  /** Real milliseconds from any moment on. */
  readonly stopwatch: () => number;
}

/**
 * Weight of the model x query interaction before routing, by how far a predictor can be believed: without it, choosing
 * the best looking model chooses the over-estimated one.
 */
const GAMMA = { nets: 0.7, weighted: 0.6, published: 0.3 } as const;
/** Records that are predicted one by one to take the time, after as many were learnt from. */
const TIMED = 300;

/** Predicts records that the predictor has not seen, and measures it beside its baselines. */
export async function evaluate(options: EvaluateOptions): Promise<EvaluationReport> {
  return options.folds === undefined ? evaluateAsIs(options) : evaluateFolds(options, options.folds);
}

async function evaluateFolds(options: EvaluateOptions, folds: number): Promise<EvaluationReport> {
  const { records, models, seed, threads, progress, folders } = options;
  const encoder = await openIdentified(folders.encoder);
  const pool = new TrainingPool(threads);
  try {
    progress.start('encoding');
    const seen = await seeRecords(encoder.encoder, records, (count) => progress.grow(count / records.length));
    progress.stop();
    progress.start('training');
    const { grow: onProgress } = progress;
    const out = await crossValidate(seen, { source: options.path, folds, seed, models, encoder, pool, onProgress });
    progress.stop();
    const timed = await predictorOf(out.artefact, await openIdentified(folders.encoder), 'the predictor of a fold');
    return evaluationOf({
      ...about(options, records),
      split: 'all',
      folds,
      feedback: { asked: 0, learnt: 0 },
      groups: out.groups,
      predictor: { predictions: out.predictor, gamma: GAMMA.nets, predictMs: await timesOf(timed, options) },
      baselines: {
        [NEW_MODEL_BASELINE]: { predictions: out.newModel, gamma: GAMMA.nets },
        ...candidatesOf(out),
      },
    });
  } finally {
    progress.stop();
    await pool.close();
    await encoder.encoder.close();
  }
}

async function evaluateAsIs(options: EvaluateOptions): Promise<EvaluationReport> {
  const { records, models, folders, progress } = options;
  const folder = folders.predictor ?? shippedPredictor();
  const artefact = await readArtefact(folder);
  const { after: counts } = options;
  const most = Math.max(options.feedback, ...counts);
  const { rated: apart, held } = partsOf({ ...options, feedback: most }, ({ prompt }) => artefact.seen.has(prompt));
  const rated = counts.length === 0 ? apart : [];
  const cores = coresOf(records, models);
  const encoder = await openIdentified(folders.encoder);
  try {
    const predictor = await predictorOf(artefact, encoder, folder);
    const passes = rated.length === 0 ? 1 : 2;
    const work = apart.length + (passes + counts.length) * held.length;
    const onBatch = (count: number) => progress.grow(count / work);
    const predictHeld = async () => {
      const predictions = emptyPredictions(held.length * models.length);
      const rows = held.map((record, row) => ({ row, record }));
      await predictRows(predictor, rows, cores, predictions, { onBatch });
      return { predictions, gamma: GAMMA.nets };
    };
    progress.start('predicting');
    const baselines: Record<string, Candidate> = {};
    if (rated.length > 0) {
      baselines['before feedback'] = await predictHeld();
      await teach(predictor, rated, cores, { onBatch });
      Object.assign(baselines, candidatesOf(await predictWithoutNets(rated, held, cores, encoder)));
    }
    const measured = await predictHeld();
    const stages = await predictAfter({
      ...options,
      predictor,
      encoder,
      cores,
      counts,
      rated: apart,
      held,
      gamma: GAMMA,
      onBatch,
    });
    progress.stop();
    await predictor.close();
    return evaluationOf({
      ...about(options, held),
      split: options.split,
      folds: null,
      feedback: { asked: options.feedback, learnt: rated.length },
      stages,
      predictor: { ...measured, predictMs: await timesOf(await openPredictor(folders), options) },
      baselines,
    });
  } finally {
    progress.stop();
    await encoder.encoder.close();
  }
}

function candidatesOf({ dataSetMeans, sixteenNeighbours, weightedNeighbours }: WithoutNets): Record<string, Candidate> {
  return {
    'data set means': { predictions: dataSetMeans },
    '16 neighbours': { predictions: sixteenNeighbours, gamma: GAMMA.published },
    'weighted neighbours': { predictions: weightedNeighbours, gamma: GAMMA.weighted },
  };
}

function about({ command, path, models }: EvaluateOptions, held: readonly OutcomeRecord[]) {
  return { command, data: [path], models: [...models], outcomes: outcomesOf(held, models) };
}

/**
 * Milliseconds of predictions one by one: encoder, nets and a memory of some rated calls.
 *
 * @param predictor a new one, which is closed: what was predicted before it would remember
 */
async function timesOf(
  predictor: Predictor,
  { records, models, stopwatch }: EvaluateOptions,
): Promise<readonly number[]> {
  const cores = coresOf(records, models);
  try {
    const half = Math.min(TIMED, Math.floor(records.length / 2));
    await teach(predictor, records.slice(0, half), cores);
    const times: number[] = [];
    for (const record of records.slice(-half)) {
      const startedAt = stopwatch();
      await predictor.predict([callOf(record)], cores);
      times.push(stopwatch() - startedAt);
    }
    return times;
  } finally {
    await predictor.close();
  }
}
