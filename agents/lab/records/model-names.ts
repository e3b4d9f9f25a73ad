import { readText } from '../../../kernel/text-file.js';
import { SyscallError } from '../../../syscalls/errors.js';

/**
 * The value of `--models`: names by comma, or one a line in the file behind an @.
 *
 * @throws SyscallError `invalid-config` for no name, a name given twice, or a file that cannot be read
 */
export async function readModelNames(given: string): Promise<string[]> {
  const text = given.startsWith('@') ? await readNamesFile(given.slice(1)) : given;
  const names = text
    .split(/[\n,]/)
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (names.length > 0 && new Set(names).size === names.length) return names;
  throw new SyscallError('invalid-config', `--models: Expected one or more different names, got "${given}"`);
}

async function readNamesFile(path: string): Promise<string> {
  try {
    return await readText(path);
  } catch (cause) {
    throw new SyscallError('invalid-config', `--models: Expected a readable file after @, got "${path}"`, { cause });
  }
}
