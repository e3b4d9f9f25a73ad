import { addOutcomes, OutcomeFiles, type OutcomeTable } from '../../../kernel/outcomes/file.js';
import type { OutcomeRecord } from '../../../kernel/outcomes/record.js';
import { SyscallError } from '../../../syscalls/errors.js';
import { err, printable } from '../../terminal/printer.js';
import { describeSkipped, readRecords } from '../records/labelled-records.js';

/** Outcome files, read once for all kernels of a comparison. */
export interface OutcomeData {
  readonly records: readonly OutcomeRecord[];
  readonly outcomes: Pick<OutcomeFiles, 'load'>;
}

/**
 * @param skipBad leave out bad lines, and say on stderr which
 * @throws SyscallError `invalid-config` for a file that cannot be read, a bad line, or files without any record
 */
export async function readData(paths: readonly string[], skipBad: boolean): Promise<OutcomeData> {
  const table = await (skipBad ? readGood(paths) : readAll(paths));
  const records = [...table.byPrompt.values()];
  if (records.length > 0) return { records, outcomes: { load: async () => table } };
  throw new SyscallError('invalid-config', `--data: Expected at least one record in ${paths.join(', ')}, got none`);
}

async function readAll(paths: readonly string[]): Promise<OutcomeTable> {
  try {
    return await new OutcomeFiles().load(paths);
  } catch (error) {
    throw new SyscallError('invalid-config', `--data: ${SyscallError.from(error).message}`, { cause: error });
  }
}

async function readGood(paths: readonly string[]): Promise<OutcomeTable> {
  const byPrompt = new Map<string, OutcomeRecord>();
  for (const path of paths) {
    const file = await readRecords(path, { skipBad: true });
    if (file.skipped.length > 0) err(printable(describeSkipped(file)));
    for (const record of file.records) {
      if (!addOutcomes(byPrompt, record)) err(printable(`left out: ${path} repeats the prompt of ${record.id}\n`));
    }
  }
  return { byPrompt, repeated: [] };
}

export function answeredBy(record: OutcomeRecord, model: string): boolean {
  return record.outputs.some((outcome) => outcome.model === model);
}

/** Why there is no record to play. @param inSplit those among which one was looked for */
export function nothingInCommon(
  all: readonly OutcomeRecord[],
  inSplit: readonly OutcomeRecord[],
  models: readonly string[],
  split: string,
): SyscallError {
  const answers = (record: OutcomeRecord) => models.filter((model) => answeredBy(record, model)).length;
  if (models.length > 1 && all.every((record) => answers(record) < 2)) {
    return new SyscallError(
      'invalid-config',
      `--data: Expected prompts that all of ${models.join(', ')} answered, got ${all.length} that were answered by one model only, which is what eccos boot --record writes: policies can be compared only where the answers of all chosen models are known`,
    );
  }
  if (inSplit.length === 0) {
    return new SyscallError(
      'invalid-config',
      `--data: Expected records in the ${split} part, got none of ${all.length}; --all takes every one`,
    );
  }
  return new SyscallError(
    'invalid-config',
    `--models: Expected models that answered a record together, got none of ${inSplit.length} in split ${split}`,
  );
}
