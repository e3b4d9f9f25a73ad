import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SyscallError } from '../../../syscalls/errors.js';
import { describeIssue } from '../../../syscalls/protocol.js';
import { CaseStore } from '../retrieval/case-store.js';
import { restoreStore, saveStore } from '../retrieval/store-file.js';
import { Beliefs, beliefsState } from './beliefs.js';

const CASES = 'cases.bin';
const BELIEFS = 'beliefs.json';
/** Readable for the owner alone: names of tenants and tasks are in it. */
const MODE = 0o600;

/** What a predictor has learnt while it was running. */
export interface Memory {
  readonly store: CaseStore;
  readonly beliefs: Beliefs;
}

/** Nothing learnt yet. */
export function emptyMemory(encoder: { readonly sha256: string; readonly dimensions: number }): Memory {
  return { store: new CaseStore(encoder.sha256, encoder.dimensions), beliefs: new Beliefs() };
}

/**
 * What was saved in a folder; nothing, if there is none yet. It is saved anew at once, which a folder that cannot be
 * written does not survive.
 *
 * @throws SyscallError `invalid-config` for files that are cut, altered, or of another encoder, or cannot be written
 */
export async function openMemory(
  folder: string,
  encoder: { readonly sha256: string; readonly dimensions: number },
): Promise<Memory> {
  const memory = await restore(folder, encoder);
  await saveMemory(folder, memory);
  return memory;
}

async function restore(
  folder: string,
  encoder: { readonly sha256: string; readonly dimensions: number },
): Promise<Memory> {
  const path = join(folder, BELIEFS);
  const text = await textOf(path);
  if (text === undefined) return emptyMemory(encoder);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new SyscallError('invalid-config', `Expected ${path} to be JSON`, { cause });
  }
  const parsed = beliefsState.safeParse(value);
  if (!parsed.success)
    throw new SyscallError('invalid-config', `${path}: ${describeIssue(parsed.error, value, 'beliefs')}`);
  const { dimensions, sha256 } = encoder;
  return {
    store: await restoreStore(join(folder, CASES), { encoder: sha256, dimensions }),
    beliefs: Beliefs.from(parsed.data),
  };
}

/**
 * Each file is whole at any time; the beliefs, which say that there is a memory, come last.
 *
 * @throws SyscallError `invalid-config` for a folder that cannot be written
 */
export async function saveMemory(folder: string, { store, beliefs }: Memory): Promise<void> {
  const path = join(folder, BELIEFS);
  try {
    await mkdir(folder, { recursive: true });
    await saveStore(store, join(folder, CASES));
    await writeFile(`${path}.new`, JSON.stringify(beliefs.state()), { mode: MODE });
    await rename(`${path}.new`, path);
  } catch (cause) {
    const { message } = SyscallError.from(cause);
    throw new SyscallError('invalid-config', `memory: Expected ${folder} to be writable: ${message}`, { cause });
  }
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw new SyscallError('invalid-config', `Expected ${path} to be readable: ${message}`, { cause });
  }
}
