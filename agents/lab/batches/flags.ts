import { type Command, InvalidArgumentError, Option } from 'commander';
import { SyscallError } from '../../../syscalls/errors.js';
import { wholeNumber } from '../../terminal/arguments.js';

/** What `eccos compare --batch` is asked to do. */
export interface BatchFlags {
  /** Calls that arrive together. */
  readonly batch: number | 'all';
  readonly cv?: number;
  readonly data: readonly string[];
  readonly skipBad?: true;
  /** Names by comma, or @FILE. */
  readonly models?: string;
  /** A file, or `default`: the table of `defaultCapOf`. */
  readonly caps?: string;
  readonly resamples: number;
}

/** Options of the stream comparison, which mean nothing in closed batches. */
const STREAM_OPTIONS = [
  ...['policies', 'policyModule', 'base', 'seeds', 'agents', 'syscalls', 'limit', 'load', 'split', 'all', 'trace'],
  ...['rate', 'speed', 'live', 'predictor', 'learn', 'feedback', 'alpha', 'measure', 'sweep', 'calls', 'report'],
];

/** Adds the options of the comparison in closed batches. */
export function addBatchOptions(command: Command): void {
  command
    .addOption(
      new Option(
        '--batch <n>',
        'closed batches of n calls, or all, with --cv and --data; no caps, or --caps FILE, or --caps default',
      )
        .argParser(batchSize)
        .conflicts(STREAM_OPTIONS),
    )
    .addOption(
      new Option('--cv [folds]', 'train anew in so many folds, and predict what was not trained on; with --batch')
        .argParser(wholeNumber(2, 20))
        .preset(5),
    )
    .option('--resamples <n>', 'draws of all records for the intervals of --batch', wholeNumber(0, 10_000), 100);
}

/** @throws SyscallError `invalid-config` for --cv alone: only batches train anew */
export function isBatch<Flags>(flags: Flags & Partial<BatchFlags>): flags is Flags & BatchFlags {
  if (flags.batch !== undefined || flags.cv === undefined) return flags.batch !== undefined;
  throw new SyscallError('invalid-config', `--cv: Expected --batch with it, got --cv ${flags.cv} alone`);
}

function batchSize(text: string): number | 'all' {
  if (text === 'all') return text;
  try {
    return wholeNumber(1, 1_000_000)(text);
  } catch {
    throw new InvalidArgumentError('Expected a whole number from 1 to 1000000, or all.');
  }
}
