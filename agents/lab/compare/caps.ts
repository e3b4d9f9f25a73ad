import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import { SyscallError } from '../../../syscalls/errors.js';
import { describeIssue } from '../../../syscalls/protocol.js';

interface Capped {
  readonly id: string;
  readonly cap: number;
}

const capsFile = z.record(z.string(), z.int().min(1).max(100_000));

/**
 * Reads `core: cap` lines, YAML or JSON, and sets the caps of these cores. Cores that the file does not name keep theirs.
 *
 * @throws SyscallError `invalid-config` for a file that cannot be read, a core that is not compared, or a bad cap
 */
export async function withCapsOf<Core extends Capped>(path: string, cores: readonly Core[]): Promise<readonly Core[]> {
  const given = await readCaps(path);
  for (const id of given.keys()) {
    if (cores.some((core) => core.id === id)) continue;
    const known = cores.map((core) => core.id).join(', ');
    throw new SyscallError('invalid-config', `--caps: Expected names of ${known}, got "${id}"`);
  }
  return cores.map((core) => ({ ...core, cap: given.get(core.id) ?? core.cap }));
}

async function readCaps(path: string): Promise<ReadonlyMap<string, number>> {
  let value: unknown;
  try {
    value = parse(await readFile(path, 'utf8'));
  } catch (cause) {
    const [reason] = String(cause instanceof Error ? cause.message : cause).split('\n');
    throw new SyscallError(
      'invalid-config',
      `--caps: Expected a YAML or JSON file of core: cap, got "${path}": ${reason}`,
      { cause },
    );
  }
  const parsed = capsFile.safeParse(value);
  if (!parsed.success) throw new SyscallError('invalid-config', `--caps: ${describeIssue(parsed.error, value, path)}`);
  return new Map(Object.entries(parsed.data));
}
