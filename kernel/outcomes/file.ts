import { basename, resolve } from 'node:path';
import { SyscallError } from '../../syscalls/errors.js';
import { linesOf } from '../text-file.js';
import { decodeOutcome, type OutcomeRecord } from './record.js';
import { endsLine, isJson } from './tail.js';

/** What is recorded, by prompt, in file order. */
export interface OutcomeTable {
  readonly byPrompt: ReadonlyMap<string, OutcomeRecord>;
  /** Where a prompt came again and added nothing, as `file:line repeats file:line`. What came first holds. */
  readonly repeated: readonly string[];
}

/**
 * Reads an outcome file line by line: JSONL, plain or gzip. Empty lines are skipped, and so is the last one where it was torn: it
 * has no end and is not JSON, as when a recorder was killed or its disk was full.
 *
 * @param onBad takes the fault of a bad record, which is then left out @default throws it
 * @param onTorn receives a line on what was torn @default it is written to stderr
 * @returns each record with the `file:line` it came from
 * @throws SyscallError `invalid-config` for a file that cannot be read, and with file and line for a bad record
 */
export async function* readOutcomes(
  path: string,
  onBad: (fault: unknown) => void = rethrow,
  onTorn: (line: string) => void = warnOnStderr,
): AsyncGenerator<{ record: OutcomeRecord; at: string }> {
  let number = 0;
  /** Of the line before, which may be the last one. */
  let unread: { readonly fault: unknown; readonly at: string } | undefined;
  for await (const line of readLines(path)) {
    number++;
    if (unread !== undefined) onBad(unread.fault);
    unread = undefined;
    if (line.trim() === '') continue;
    const at = `${basename(path)}:${number}`;
    let record: OutcomeRecord;
    try {
      record = decodeOutcome(line, at);
    } catch (fault) {
      if (isJson(line)) onBad(fault);
      else unread = { fault, at };
      continue;
    }
    yield { record, at };
  }
  if (unread === undefined) return;
  if (await endsLine(path)) onBad(unread.fault);
  else onTorn(`${unread.at}: the last line is torn and was left out`);
}

function warnOnStderr(line: string): void {
  process.stderr.write(`eccos: ${line}\n`);
}

/**
 * Puts a record beside those that were read before. Answers to one prompt in one data set may come in several lines, as a
 * recorder writes what several cores made of it: they become one record, with the id and the input tokens of the first line.
 *
 * @returns false, and leaves all as it was, where the prompt is of another data set or one of the models answered it already
 */
export function addOutcomes(byPrompt: Map<string, OutcomeRecord>, record: OutcomeRecord): boolean {
  const first = byPrompt.get(record.prompt);
  if (first !== undefined) {
    const known = new Set(first.outputs.map(({ model }) => model));
    if (first.dataset !== record.dataset || record.outputs.some(({ model }) => known.has(model))) return false;
  }
  const merged = first === undefined ? record : { ...first, outputs: [...first.outputs, ...record.outputs] };
  byPrompt.set(record.prompt, merged);
  return true;
}

function rethrow(fault: unknown): never {
  throw fault;
}

/** Outcome files in memory: each list of files is read once, however many cores replay it. */
export class OutcomeFiles {
  readonly #tables = new Map<string, Promise<OutcomeTable>>();

  /** @throws SyscallError `invalid-config` as `readOutcomes` */
  load(paths: readonly string[]): Promise<OutcomeTable> {
    const key = JSON.stringify(paths.map((path) => resolve(path)));
    const known = this.#tables.get(key);
    if (known !== undefined) return known;
    const table = tableOf(paths);
    this.#tables.set(key, table);
    return table;
  }
}

async function tableOf(paths: readonly string[]): Promise<OutcomeTable> {
  const byPrompt = new Map<string, OutcomeRecord>();
  const firstAt = new Map<string, string>();
  const repeated: string[] = [];
  for (const path of paths) {
    for await (const { record, at } of readOutcomes(path)) {
      const first = firstAt.get(record.prompt) ?? at;
      firstAt.set(record.prompt, first);
      if (!addOutcomes(byPrompt, record)) repeated.push(`${at} repeats ${first}`);
    }
  }
  return { byPrompt, repeated };
}

/** @throws SyscallError `invalid-config` for a file that cannot be read */
async function* readLines(path: string): AsyncGenerator<string> {
  try {
    yield* linesOf(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SyscallError('invalid-config', `Expected ${path} to be a readable outcome file: ${reason}`);
  }
}
