import { availableParallelism } from 'node:os';
import { predictOutOfFold } from '../predictor/out-of-fold.js';
import { Progress } from '../predictor/progress.js';
import { coresOf } from '../predictor/record-calls.js';
import { commonRecords, modelsOf, readRecordSet } from '../records/labelled-records.js';
import { runExperiment } from './batch-experiment.js';
import { fieldOf } from './batch-field.js';
import { DEFAULT_CAPS, withCapsOf } from './caps.js';
import type { CompareWatcher } from './compare.js';
import type { BatchOptions } from './options.js';
import { recordedCores } from './recorded-source.js';
import type { CompareReport, LoadReport } from './report.js';

/** Of folds, nets, order and resamples. */
const SEED = 1;

/**
 * Compares eccos with its rivals in closed batches, on predictions by nets that have not seen the records.
 *
 * @throws SyscallError `invalid-config` for bad files, or too few records
 */
export async function compareBatches(options: BatchOptions, watcher: CompareWatcher): Promise<CompareReport> {
  const { command, data, skipBad, batch: size, cv: folds, caps, resamples, replay = false } = options;
  const { records: all } = await readRecordSet(data, skipBad ?? false);
  const models = modelsOf(all, options.models);
  // Before the nets are trained, not after it.
  const { length: records } = commonRecords(all, all, models, 'all');
  const batch = size === 'all' ? records : size;
  const uncapped = recordedCores(all, models, data);
  const cores =
    caps === undefined ? uncapped.map((core) => ({ ...core, cap: batch })) : await withCapsOf(caps, uncapped);
  const predictions = await predictOutOfFold({
    source: data.join(', '),
    records: all,
    cores: coresOf(all, models),
    folds,
    seed: SEED,
    encoder: undefined,
    threads: availableParallelism(),
    progress: new Progress(),
  });
  const load: LoadReport = {
    name: 'closed batches',
    mode: 'virtual',
    agents: 1,
    calls: records,
    ratePerS: null,
    trace: null,
    speed: 1,
    speedSource: 'agents set the pace',
    busyShare: null,
    notes: caps === undefined ? ['no caps: each core has as many slots as calls arrive together'] : [],
    feedback: 1,
    learn: false,
    predictor: null,
    alpha: null,
    alphaSource: null,
    data: [...data],
    split: 'all',
    records,
    leftOut: all.length - records,
    capsSource: caps === undefined ? 'config' : caps === DEFAULT_CAPS ? 'default' : 'file',
    cores: cores.map(({ id, cap, price }) => ({ id, cap, ...price })),
  };
  const { points, gates } = await runExperiment(fieldOf(all, cores, predictions), {
    batch: size === 'all' ? undefined : size,
    capped: caps !== undefined,
    seed: SEED,
    resamples,
    replay,
    onStart: (calls) => watcher.onStart(load, calls),
    onCall: () => watcher.onCall(),
  });
  return {
    command,
    seeds: [SEED],
    load,
    policies: [],
    paired: [],
    frontier: [],
    claims: [],
    dials: [],
    conditions: [],
    batches: {
      folds,
      batch: size === 'all' ? null : size,
      caps: caps === undefined ? null : Object.fromEntries(cores.map(({ id, cap }) => [id, cap])),
      seed: SEED,
      resamples,
      replay,
      points,
      gates,
    },
  };
}
