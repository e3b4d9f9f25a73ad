import { availableParallelism } from 'node:os';
import type { OutcomeRecord } from '../../../kernel/outcomes/record.js';
import type { CoreInfo } from '../../../syscalls/cores.js';
import { SyscallError } from '../../../syscalls/errors.js';
import { err, printable } from '../../terminal/printer.js';
import { withCapsOf } from '../compare/caps.js';
import { defaultCapOf } from '../compare/default-caps.js';
import { answeredBy, nothingInCommon } from '../compare/outcome-data.js';
import { Progress } from '../predictor/progress.js';
import { coresOf } from '../predictor/record-calls.js';
import { describeSkipped, modelsOf, readRecords } from '../records/labelled-records.js';
import { readModelNames } from '../records/model-names.js';
import { runExperiment } from './experiment.js';
import { fieldOf } from './field.js';
import type { BatchFlags } from './flags.js';
import { predictOutOfFold } from './out-of-fold.js';
import type { BatchReport } from './report.js';

/** Of folds, nets, order and resamples. */
const SEED = 1;

/**
 * Compares policies in closed batches, on predictions by nets that have not seen the records.
 *
 * @param command the words of the command, for the report
 * @returns a report a data file
 * @throws SyscallError `invalid-config` for options that do not fit together, or bad files
 */
export async function compareBatches(flags: BatchFlags, command: string): Promise<readonly BatchReport[]> {
  const { cv: folds, data } = flags;
  if (folds === undefined || data.length === 0) {
    const got = [folds === undefined ? '' : '--cv', data.length === 0 ? '' : '--data'].filter((flag) => flag !== '');
    throw new SyscallError(
      'invalid-config',
      `--batch: Expected --cv and --data with it, got ${got[0] ?? 'neither'}${got.length === 1 ? ' alone' : ''}`,
    );
  }
  const asked = flags.models === undefined ? undefined : await readModelNames(flags.models);
  const reports: BatchReport[] = [];
  for (const path of data) reports.push(await compareOn(path, asked, folds, flags, command));
  return reports;
}

async function compareOn(
  path: string,
  asked: readonly string[] | undefined,
  folds: number,
  { batch, skipBad, caps, resamples }: BatchFlags,
  command: string,
): Promise<BatchReport> {
  const file = await readRecords(path, { skipBad: skipBad ?? false });
  err(printable(describeSkipped(file)));
  const { records } = file;
  const models = modelsOf(records, asked);
  // Before the nets are trained, not after it.
  const isCommon = (record: OutcomeRecord) => models.every((model) => answeredBy(record, model));
  if (!records.some(isCommon)) throw nothingInCommon(records, records, models, 'all');
  const together = batch === 'all' ? undefined : batch;
  const cores = await cappedCores(coresOf(records, models), caps, together ?? records.length);
  const progress = new Progress();
  const predictions = await predictOutOfFold({
    source: path,
    records,
    cores,
    folds,
    seed: SEED,
    encoder: undefined,
    threads: availableParallelism(),
    progress,
  });
  const field = fieldOf(records, cores, predictions);
  progress.start('playing');
  try {
    const { points, gates } = await runExperiment(field, {
      batch: together,
      capped: caps !== undefined,
      seed: SEED,
      resamples,
      onProgress: progress.grow,
    });
    return {
      command,
      data: [path],
      models: [...models],
      records: field.calls.length,
      leftOut: records.length - field.calls.length,
      folds,
      batch: together ?? null,
      caps: caps === undefined ? null : Object.fromEntries(cores.map(({ id, cap }) => [id, cap])),
      seed: SEED,
      resamples,
      points,
      gates,
    };
  } finally {
    progress.stop();
  }
}

/** @param room slots of a core without a cap: as many as calls arrive together */
async function cappedCores(
  cores: readonly CoreInfo[],
  caps: string | undefined,
  room: number,
): Promise<readonly CoreInfo[]> {
  if (caps === undefined) return cores.map((core) => ({ ...core, cap: room }));
  const withDefaults = cores.map((core) => ({ ...core, cap: defaultCapOf(core.id) }));
  return caps === 'default' ? withDefaults : withCapsOf(caps, withDefaults);
}
