import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { access, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { z } from 'zod';
import { SyscallError } from '../../../syscalls/errors.js';
import { describeIssue } from '../../../syscalls/protocol.js';

/**
 * Makes a folder and those above it, or takes the one that is there, and looks whether it can be written. Not `mkdir` with
 * `recursive`: where the folder above is there and nothing can be made in it for ENOENT, as in /proc, Node tries for ever.
 *
 * @throws what the file system says
 */
export async function makeFolder(path: string): Promise<void> {
  const folder = resolve(path);
  const above = dirname(folder);
  if (above !== folder && !(await isFolder(above))) await makeFolder(above);
  try {
    await mkdir(folder);
  } catch (error) {
    if (!(await isFolder(folder))) throw error;
  }
  await access(folder, constants.W_OK);
}

async function isFolder(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory() ?? false;
}

/** What is at a path, for messages; nothing is opened, which for a pipe would wait for its other end. */
export async function kindOf(
  path: string,
): Promise<'file' | 'nothing' | 'a folder' | 'a pipe' | 'a socket' | 'a device'> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  if (found === undefined) return 'nothing';
  if (found.isFile()) return 'file';
  if (found.isDirectory()) return 'a folder';
  if (found.isFIFO()) return 'a pipe';
  return found.isSocket() ? 'a socket' : 'a device';
}

/** What is in a file. */
export interface Content {
  readonly bytes: number;
  readonly sha256: string;
}

export function contentOf(bytes: Uint8Array): Content {
  return { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
}

/**
 * Writes a file that is whole at any time, also when the machine dies: beside its place and to the disk first, then into its place.
 *
 * @param mode of the file
 * @throws what the file system says; nothing is left beside the place then
 */
export async function writeWhole(path: string, parts: Iterable<Uint8Array>, mode = 0o666): Promise<Content> {
  const beside = `${path}.new`;
  await rm(beside, { force: true });
  const hash = createHash('sha256');
  let bytes = 0;
  // A new file only: what somebody else puts there meanwhile is not written to.
  const file = await open(beside, 'wx', mode);
  try {
    try {
      for (const part of parts) {
        hash.update(part);
        bytes += part.length;
        await file.writeFile(part);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
  return { bytes, sha256: hash.digest('hex') };
}

/** Has a renamed file found under its new name after the machine has died. Windows knows no such thing. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  await folder.sync().finally(() => folder.close());
}

/**
 * @param root what messages call the content
 * @throws SyscallError `invalid-config` naming file, field, rule and value
 */
export function decodeJson<T extends z.ZodType>(path: string, text: string, schema: T, root: string): z.infer<T> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new SyscallError('invalid-config', `Expected ${path} to be JSON`, { cause });
  }
  const { success, data, error } = schema.safeParse(value);
  if (success) return data;
  throw new SyscallError('invalid-config', `${path}: ${describeIssue(error, value, root)}`);
}
