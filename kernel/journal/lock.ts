import { FileLock } from '../../schedulers/file-lock.js';
import { SyscallError } from '../../syscalls/errors.js';

/**
 * Held for the life of the kernel, in a file beside the journal.
 *
 * @throws SyscallError `invalid-config` while another kernel holds it
 */
export function lock(path: string): FileLock {
  const file = `${path}.lock`;
  let held: FileLock | undefined;
  try {
    held = FileLock.take(file);
  } catch (error) {
    throw invalid(path, `${file}: ${(error as Error).message}`);
  }
  if (held === undefined) throw invalid(path, 'expected a journal that no other kernel uses, got one in use');
  return held;
}

/** A journal that cannot be used. */
export function invalid(path: string, message: string): SyscallError {
  return new SyscallError('invalid-config', `journal.path: ${path}: ${message}`);
}
