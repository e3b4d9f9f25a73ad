import { constants } from 'node:fs';
import { access, mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { SyscallError } from '../../syscalls/errors.js';

/**
 * Tells before long work that its result could not be written, not after it.
 *
 * @param option names it in the message, such as `--out`
 * @throws SyscallError `invalid-config`
 */
export async function checkFile(option: string, path: string): Promise<void> {
  const refused = (cause?: unknown) =>
    new SyscallError('invalid-config', `${option}: Expected a file that can be written, got "${path}"`, { cause });
  try {
    await access(dirname(resolve(path)), constants.W_OK);
  } catch (cause) {
    throw refused(cause);
  }
  if ((await stat(path).catch(() => undefined))?.isDirectory()) throw refused();
}

/**
 * Makes a folder for results, or takes the one that is there.
 *
 * @param option names it in the message
 * @throws SyscallError `invalid-config`
 */
export async function makeFolder(option: string, path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
    await access(path, constants.W_OK);
  } catch (cause) {
    throw new SyscallError('invalid-config', `${option}: Expected a folder that can be written, got "${path}"`, {
      cause,
    });
  }
}
