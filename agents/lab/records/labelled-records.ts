import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { addOutcomes, type OutcomeTable, readOutcomes } from '../../../kernel/outcomes/file.js';
import type { OutcomeRecord } from '../../../kernel/outcomes/record.js';
import { SyscallError } from '../../../syscalls/errors.js';
import { err, printable } from '../../terminal/printer.js';

export interface RecordFile {
  readonly path: string;
  /** One a prompt, in the order in which they first came; see `addOutcomes`. */
  readonly records: readonly OutcomeRecord[];
  /** Of the file, without those that are empty. */
  readonly lines: number;
  readonly fingerprint: { readonly file: string; readonly records: number; readonly sha256: string };
  /** Faults of the lines that were left out. */
  readonly skipped: readonly string[];
}

/**
 * Reads an outcome file to train on or to evaluate with.
 *
 * @param skipBad leave out bad lines, and say so in `skipped`
 * @throws SyscallError `invalid-config` with file, line, field, rule and value; or for a file without any record
 */
export async function readRecords(path: string, { skipBad }: { readonly skipBad: boolean }): Promise<RecordFile> {
  const byPrompt = new Map<string, OutcomeRecord>();
  const skipped: string[] = [];
  let taken = 0;
  const onBad = (fault: unknown) => {
    if (!skipBad) throw fault;
    skipped.push(SyscallError.from(fault).message);
  };
  for await (const { record, at } of readOutcomes(path, onBad)) {
    if (record.outputs.length === 0) onBad(unanswered(at));
    else if (addOutcomes(byPrompt, record)) taken++;
    else skipped.push(`${at}: repeats a prompt`);
  }
  const records = [...byPrompt.values()];
  if (records.length === 0) {
    throw new SyscallError('invalid-config', `--data: Expected at least one record in ${path}, got none`);
  }
  const sha256 = createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
  const fingerprint = { file: basename(path), records: records.length, sha256 };
  return { path, records, lines: taken + skipped.length, fingerprint, skipped };
}

function unanswered(at: string): SyscallError {
  return new SyscallError(
    'invalid-config',
    `${at}: record.outputs: Expected the outcome of at least one model, got []`,
  );
}

/** What was left out of a file, a line each, and how many lines that were; empty where nothing was. */
export function describeSkipped({ path, lines: all, skipped }: RecordFile): string {
  if (skipped.length === 0) return '';
  const lines = skipped.map((fault) => `left out: ${fault}\n`);
  return `${lines.join('')}left out: ${skipped.length} of ${all} lines of ${path}\n`;
}

/**
 * The models to look at: those asked for, or all that occur, in order of appearance.
 *
 * @throws SyscallError `invalid-config` for a model that has no outcome
 */
export function modelsOf(records: readonly OutcomeRecord[], asked: readonly string[] | undefined): readonly string[] {
  const present = new Set(records.flatMap(({ outputs }) => outputs.map(({ model }) => model)));
  for (const model of asked ?? []) {
    if (present.has(model)) continue;
    throw new SyscallError(
      'invalid-config',
      `--models: Expected models that the data knows (${[...present].join(', ')}), got "${model}"`,
    );
  }
  return asked ?? [...present];
}

/** The records of several files as one set, which all kernels of a comparison replay. */
export interface RecordSet {
  readonly records: readonly OutcomeRecord[];
  readonly outcomes: { load(): Promise<OutcomeTable> };
}

/**
 * Reads outcome files to compare on. What is left out is named on stderr.
 *
 * @param skipBad leave out bad lines
 * @throws SyscallError `invalid-config` for a file that cannot be read, a bad line, or a file without any record
 */
export async function readRecordSet(paths: readonly string[], skipBad: boolean): Promise<RecordSet> {
  const byPrompt = new Map<string, OutcomeRecord>();
  for (const path of paths) {
    const file = await readRecords(path, { skipBad }).catch((error) => {
      const message = SyscallError.from(error).message.replace(/^(?!--data: )/, '--data: ');
      throw new SyscallError('invalid-config', message, { cause: error });
    });
    err(printable(describeSkipped(file)));
    for (const record of file.records) {
      if (!addOutcomes(byPrompt, record)) err(printable(`left out: ${path} repeats the prompt of ${record.id}\n`));
    }
  }
  const table = { byPrompt, repeated: [] };
  return { records: [...byPrompt.values()], outcomes: { load: async () => table } };
}

function answeredBy({ outputs }: OutcomeRecord, models: readonly string[]): boolean {
  return models.every((name) => outputs.some(({ model }) => model === name));
}

/**
 * The records that all of these models answered.
 *
 * @param all records, of which those of the split may be played
 * @throws SyscallError `invalid-config` where there is none, with the reason
 */
export function commonRecords(
  all: readonly OutcomeRecord[],
  inSplit: readonly OutcomeRecord[],
  models: readonly string[],
  split: string,
): readonly OutcomeRecord[] {
  const records = inSplit.filter((record) => answeredBy(record, models));
  if (records.length > 0) return records;
  const answers = (record: OutcomeRecord) => models.filter((model) => answeredBy(record, [model])).length;
  const fault =
    models.length > 1 && all.every((record) => answers(record) < 2)
      ? `--data: Expected prompts that all of ${models.join(', ')} answered, got ${all.length} that were answered by one model only, which is what eccos boot --record writes: policies can be compared only where the answers of all chosen models are known`
      : inSplit.length === 0
        ? `--data: Expected records in the ${split} part, got none of ${all.length}; --all takes every one`
        : `--models: Expected models that answered a record together, got none of ${inSplit.length} in split ${split}`;
  throw new SyscallError('invalid-config', fault);
}
