import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { SyscallError } from '../../../syscalls/errors.js';
import { CaseStore } from '../retrieval/case-store.js';
import { restoreStore, saveStore } from '../retrieval/store-file.js';
import { Beliefs, beliefsState } from './beliefs.js';
import { decodeJson, makeFolder, writeWhole } from './files.js';

const CASES = 'cases.bin';
const BELIEFS = 'beliefs.json';
/** Readable for the owner alone: names of tenants and tasks are in it. */
const MODE = 0o600;

/** What a memory rests on: with other vectors or other nets it would mean something else. */
export interface MemoryBase {
  /** sha256 of the encoder. */
  readonly encoder: string;
  readonly dimensions: number;
  /** sha256 of the nets. */
  readonly heads: string;
}

const beliefsFile = beliefsState.extend({ heads: z.string() });

/** What a predictor has learnt while it was running. */
export interface Memory {
  readonly base: MemoryBase;
  readonly store: CaseStore;
  readonly beliefs: Beliefs;
}

/** Nothing learnt yet. */
export function emptyMemory(base: MemoryBase): Memory {
  return { base, store: new CaseStore(base.encoder, base.dimensions), beliefs: new Beliefs() };
}

/** @throws SyscallError `invalid-config` for a folder that cannot be made or written */
export async function makeMemoryFolder(folder: string): Promise<void> {
  try {
    await makeFolder(folder);
  } catch (cause) {
    throw unwritable(folder, cause);
  }
}

/**
 * What was saved in a folder; nothing, if there is none yet. It is saved again at once, which a folder that cannot be
 * written does not survive.
 *
 * @throws SyscallError `invalid-config` for files that are cut, altered, of another encoder or other nets, or cannot be written
 */
export async function openMemory(folder: string, base: MemoryBase): Promise<Memory> {
  const memory = await restore(folder, base);
  await saveMemory(folder, memory);
  return memory;
}

async function restore(folder: string, base: MemoryBase): Promise<Memory> {
  const path = join(folder, BELIEFS);
  const text = await textOf(path);
  if (text === undefined) return emptyMemory(base);
  const { heads, ...state } = decodeJson(path, text, beliefsFile, 'beliefs');
  if (heads !== base.heads) {
    throw new SyscallError(
      'invalid-config',
      `${path}: Expected what was learnt beside the nets of sha256 ${base.heads}, got ${heads}; nets that are trained again begin with a new memory`,
    );
  }
  return { base, store: await restoreStore(join(folder, CASES), base), beliefs: Beliefs.from(state) };
}

/**
 * Each file is whole at any time; the beliefs, which say that there is a memory, come last.
 *
 * @throws SyscallError `invalid-config` for a folder that cannot be written
 */
export async function saveMemory(folder: string, { base, store, beliefs }: Memory): Promise<void> {
  try {
    await makeFolder(folder);
    await saveStore(store, join(folder, CASES));
    await writeWhole(join(folder, BELIEFS), JSON.stringify({ ...beliefs.state(), heads: base.heads }), MODE);
  } catch (cause) {
    throw unwritable(folder, cause);
  }
}

function unwritable(folder: string, cause: unknown): SyscallError {
  const expected = `memory: Expected ${folder} to be a folder that can be written`;
  return new SyscallError('invalid-config', `${expected}: ${SyscallError.from(cause).message}`, { cause });
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
