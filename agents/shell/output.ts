import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { makeFolder } from '../../schedulers/eccos/predictor/files.js';
import { SyscallError } from '../../syscalls/errors.js';

/**
 * Reports before long work that its result could not be written, not after it.
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
export async function makeResultFolder(option: string, path: string): Promise<void> {
  try {
    await makeFolder(path);
  } catch (cause) {
    throw new SyscallError('invalid-config', `${option}: Expected a folder that can be written, got "${path}"`, {
      cause,
    });
  }
}
