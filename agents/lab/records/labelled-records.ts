import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { addOutcomes, readOutcomes } from '../../../kernel/outcomes/file.js';
import type { OutcomeRecord } from '../../../kernel/outcomes/record.js';
import { SyscallError } from '../../../syscalls/errors.js';

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
