import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { SyscallError } from '../../../syscalls/errors.js';
import { type Content, contentOf, decodeJson, kindOf } from './files.js';

export const MANIFEST = 'memory.json';
const FORMAT = 'eccos-memory';

const file = z.strictObject({ bytes: z.int().min(0), sha256: z.string() });

/**
 * Says which files make up a memory, and what is in them. It is written last, and names the files of one save: a save that was broken
 * off leaves those of the one before as they were, and files of two saves never pass for one.
 */
const manifest = z.strictObject({
  format: z.literal(FORMAT),
  version: z.literal(1),
  /** Number of the save. */
  save: z.int().min(1),
  encoder: z.string(),
  heads: z.string(),
  cases: file,
  beliefs: file,
});

export type Manifest = z.infer<typeof manifest>;

/** Paths of a memory. */
export const pathsOf = (folder: string, save: number) => ({
  cases: join(folder, `cases-${save}.bin`),
  beliefs: join(folder, `beliefs-${save}.json`),
});

/** Whether a file of this name is one that a save of this or an earlier version has written. */
export function isOurs(name: string): boolean {
  return /^(memory\.json|cases(-\d+)?\.bin|beliefs(-\d+)?\.json)(\.new)?$/.test(name);
}

/** @throws SyscallError `invalid-config` for one that is not whole */
export async function readManifest(folder: string): Promise<Manifest> {
  const path = join(folder, MANIFEST);
  return decodeJson(path, (await readPlain(path)).toString(), manifest, 'manifest');
}

/** As it is written. */
export function manifestOf(of: Omit<Manifest, 'format' | 'version'>): string {
  const all: Manifest = { format: FORMAT, version: 1, ...of };
  return `${JSON.stringify(all, null, 1)}\n`;
}

/** Reads a file that is as a manifest says. @throws SyscallError `invalid-config` for one that is missing or altered */
export async function readDescribed(path: string, { bytes, sha256 }: Content): Promise<Buffer> {
  const read = await readPlain(path);
  const found = contentOf(read);
  if (found.bytes === bytes && found.sha256 === sha256) return read;
  throw new SyscallError(
    'invalid-config',
    `Expected ${path} to be the ${bytes} bytes of sha256 ${sha256} that were saved, got ${found.bytes} bytes of ${found.sha256}`,
  );
}

/** @throws SyscallError `invalid-config` for one that is not a file or cannot be read */
export async function readPlain(path: string): Promise<Buffer> {
  const kind = await kindOf(path);
  if (kind !== 'file') throw new SyscallError('invalid-config', `Expected ${path} to be a file, got ${kind}`);
  try {
    return await readFile(path);
  } catch (cause) {
    throw new SyscallError('invalid-config', `Expected ${path} to be readable: ${(cause as Error).message}`, { cause });
  }
}
