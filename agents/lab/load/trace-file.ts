import { z } from 'zod';
import { linesOf } from '../../../kernel/text-file.js';
import { SyscallError } from '../../../syscalls/errors.js';
import { describeIssue } from '../../../syscalls/protocol.js';
import type { Millis } from '../../../syscalls/syscall.js';

/** One arrival of a trace; what else a line holds is not looked at. `t` is in seconds from the start. */
const arrival = z.object({ t: z.number().min(0) });

/**
 * Arrival times of a trace file: one JSON object `{t}` a line, plain or gzip.
 *
 * @param limit most lines that are read
 * @returns in order, from the first arrival on
 * @throws SyscallError `invalid-config` that names the file and line
 */
export async function readTrace(path: string, limit = Number.POSITIVE_INFINITY): Promise<Millis[]> {
  const times: Millis[] = [];
  let number = 0;
  for await (const line of readLines(path)) {
    if (times.length >= limit) break;
    number++;
    if (line.trim() !== '') times.push(1000 * decode(line, `${path} line ${number}`));
  }
  if (times.length === 0) throw new SyscallError('invalid-config', `${path}: Expected at least one arrival, got none`);
  times.sort((a, b) => a - b);
  const first = times[0] as Millis;
  return times.map((at) => at - first);
}

async function* readLines(path: string): AsyncGenerator<string> {
  try {
    yield* linesOf(path);
  } catch (cause) {
    throw new SyscallError('invalid-config', `--trace: Expected a readable file, got "${path}"`, { cause });
  }
}

function decode(line: string, where: string): number {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new SyscallError('invalid-config', `${where}: Expected a JSON object`, { cause });
  }
  const parsed = arrival.safeParse(value);
  if (!parsed.success) throw new SyscallError('invalid-config', describeIssue(parsed.error, value, where));
  return parsed.data.t;
}
