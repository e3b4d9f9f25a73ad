import { constants } from 'node:fs';
import { access, mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

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
