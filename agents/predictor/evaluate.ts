import { splitOf } from '../../kernel/cores/outcome-split.js';
import { DatasetTable } from '../../schedulers/eccos/evaluation/dataset-table.js';
import { outcomesOf } from '../../schedulers/eccos/evaluation/outcomes.js';
import { readArtefact } from '../../schedulers/eccos/predictor/artefact.js';
import {
  openIdentified,
  openPredictor,
  type PredictorFolders,
  predictorOf,
  shippedPredictor,
} from '../../schedulers/eccos/predictor/open-predictor.js';
import type { Predictor } from '../../schedulers/eccos/predictor/prediction.js';
import { TrainingPool } from '../../schedulers/eccos/training/training-pool.js';
import { SyscallError } from '../../syscalls/errors.js';
import type { OutcomeRecord } from '../../syscalls/outcome.js';
import { type Candidate, evaluationOf } from '../evaluate/evaluation.js';
import type { EvaluationReport } from '../evaluate/report.js';
import { Random } from '../load/random.js';
import { crossValidate } from './cross-validate.js';
import type { Progress } from './progress.js';
import { callOf, coresOf, emptyPredictions, predictRows, teach } from './record-calls.js';
import { seeRecords } from './see-records.js';

export interface EvaluateOptions {
  /** The command line that asked for it. */
  readonly command: string;
  readonly path: string;
  readonly records: readonly OutcomeRecord[];
  readonly models: readonly string[];
  readonly split: ReturnType<typeof splitOf> | 'all';
  /** Folds of a cross-validation, which trains anew and looks at all records; undefined: the predictor as it is. */
  readonly folds: number | undefined;
  readonly folders: PredictorFolders;
  readonly seed: number;
  /** Judged records that the predictor learns from before it is measured. */
  readonly feedback: number;
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
      groups: out.groups,
      predictor: { predictions: out.predictor, gamma: GAMMA.nets, predictMs: await timesOf(timed, options) },
      baselines: {
        'new model, 50 judged': { predictions: out.newModel, gamma: GAMMA.nets },
        'data set means': { predictions: out.dataSetMeans },
        '16 neighbours': { predictions: out.sixteenNeighbours, gamma: GAMMA.published },
        'weighted neighbours': { predictions: out.weightedNeighbours, gamma: GAMMA.weighted },
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
  const { seen } = await readArtefact(folders.predictor ?? shippedPredictor());
  const { judged, held } = partsOf(options, (record) => seen.has(record.prompt));
  const cores = coresOf(records, models);
  const predictor = await openPredictor(folders);
  try {
    progress.start('predicting');
    const onBatch = (count: number) => progress.grow(count / (judged.length + held.length));
    await teach(predictor, judged, cores, { onBatch });
    const predictions = emptyPredictions(held.length * models.length);
    const rows = held.map((record, row) => ({ row, record }));
    await predictRows(predictor, rows, cores, predictions, { onBatch });
    progress.stop();
    const baselines: Record<string, Candidate> = {};
    if (judged.length > 0) {
      const table = new DatasetTable(
        outcomesOf(judged, models),
        judged.map(({ dataset }) => dataset),
      );
      baselines['data set means'] = { predictions: table.predict(held.map(({ dataset }) => dataset)) };
    }
    return evaluationOf({
      ...about(options, held),
      split: options.split,
      folds: null,
      predictor: { predictions, gamma: GAMMA.nets, predictMs: await timesOf(await openPredictor(folders), options) },
      baselines,
    });
  } finally {
    progress.stop();
    await predictor.close();
  }
}

function about({ command, path, models }: EvaluateOptions, held: readonly OutcomeRecord[]) {
  return { command, data: [path], models: [...models], outcomes: outcomesOf(held, models) };
}

/**
 * Records to learn from, and those to be measured on. The former are taken from other splits as long as there are any.
 *
 * @throws SyscallError `invalid-config` where nothing is left to be measured on, or it was trained on
 */
function partsOf(
  { records, split, feedback, seed, path }: EvaluateOptions,
  isTrained: (record: OutcomeRecord) => boolean,
): { readonly judged: readonly OutcomeRecord[]; readonly held: readonly OutcomeRecord[] } {
  const inSplit = (record: OutcomeRecord) => split === 'all' || splitOf(record.prompt) === split;
  const fresh = records.filter((record) => !isTrained(record));
  const shuffled = new Random(seed).shuffled(fresh);
  const judged = new Set([...shuffled.filter((r) => !inSplit(r)), ...shuffled.filter(inSplit)].slice(0, feedback));
  const held = records.filter((record) => inSplit(record) && !judged.has(record));
  const known = held.filter(isTrained).length;
  if (known > 0 && split !== 'all') {
    throw new SyscallError(
      'invalid-config',
      `--split: Expected records that the predictor was not trained on, got ${known} of ${held.length} in ${split} of ${path}; --all takes them all the same`,
    );
  }
  if (held.length > 0) return { judged: [...judged], held };
  throw new SyscallError(
    'invalid-config',
    feedback === 0
      ? `--split: Expected records of ${path} in ${split}, got none`
      : `--feedback: Expected records of ${path} in ${split} to be left to measure on, got none after ${feedback}`,
  );
}

/**
 * Milliseconds of predictions one by one: encoder, nets and a memory of some judged calls.
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
