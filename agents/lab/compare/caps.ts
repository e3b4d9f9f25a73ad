import { parse } from 'yaml';
import { z } from 'zod';
import { readText } from '../../../kernel/text-file.js';
import { SyscallError } from '../../../syscalls/errors.js';
import { describeIssue } from '../../../syscalls/protocol.js';

/** The value of `--caps` that stands for no file. */
export const DEFAULT_CAPS = 'default';

interface Capped {
  readonly id: string;
  readonly cap: number;
}

const capsFile = z.record(z.string(), z.int().min(1).max(100_000));

/**
 * Sets the caps of these cores by a file of `core: cap` lines, YAML or JSON. Cores that the file does not name keep theirs.
 *
 * @param path `default`: no file, all cores keep theirs
 * @throws SyscallError `invalid-config` for a file that cannot be read, a core that is not compared, or a bad cap
 */
export async function withCapsOf<Core extends Capped>(path: string, cores: readonly Core[]): Promise<readonly Core[]> {
  if (path === DEFAULT_CAPS) return cores;
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
    value = parse(await readText(path), { merge: true });
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

/**
 * Caps of the cores of a recorded comparison where no file says otherwise: the slots under which the routing gates of
 * the two development sets were measured, and 8 for any other model.
 */
const CAPS: Readonly<Record<string, number>> = {
  'gemini-1.5-pro-002': 10,
  'gemini-1.5-flash-002': 16,
  'deepseek-v2-coder': 10,
  'jamba-1.5-large': 6,
  'Qwen1.5-72B-Chat': 6,
  'Phi-3-mini-4k-instruct': 6,
  'Mixtral-8x7B-Instruct-v0.1': 4,
  'c4ai-command-r-v01': 2,
  'Mistral-7B-Instruct-v0.2': 2,
  'Qwen1.5-7B-Chat': 2,
  'Meta-Llama-3.1-70B-Instruct': 10,
  'Meta-Llama-3.1-8B-Instruct': 6,
  'gpt-4o-2024-08-06': 10,
  'gpt-4o-mini-2024-07-18': 13,
  'claude-3-opus-20240229': 6,
  'claude-3-5-haiku-20241022': 6,
  'claude-3-haiku-20240307': 6,
  'Mistral-Large-2': 6,
  'deepseek-v2.5-0908': 10,
  'Phi-3.5-mini-instruct': 7,
};

const ANY_OTHER = 8;

export function defaultCapOf(model: string): number {
  return Object.hasOwn(CAPS, model) ? (CAPS[model] as number) : ANY_OTHER;
}
