import { constants } from 'node:fs';
import { access, mkdir, rename, stat, writeFile } from 'node:fs/promises';
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

/** Writes a file that is whole at any time: beside its place first, then into it. @param mode of a new file */
export async function writeWhole(path: string, content: string | Uint8Array, mode = 0o666): Promise<void> {
  await writeFile(`${path}.new`, content, { mode });
  await rename(`${path}.new`, path);
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
