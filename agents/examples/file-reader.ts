import { constants, type FileHandle, open, readdir, realpath, stat } from 'node:fs/promises';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import { z } from 'zod';
import { SyscallError } from '../../syscalls/errors.js';
import { defineTool, type Tool } from './tool.js';

const MAX_BYTES = 32_768;
const MAX_ENTRIES = 500;

/**
 * A tool that reads text files of one folder, and nothing else: where a path leads is decided after all of its `..` and
 * symbolic links. It does not guard against someone who changes the folder at the same moment.
 *
 * @throws SyscallError `invalid-params` for a folder that is not there
 */
export async function fileReader(folder: string): Promise<Tool> {
  const root = await realpath(folder).catch(() => undefined);
  if (root === undefined || !(await stat(root)).isDirectory()) {
    throw new SyscallError('invalid-params', `folder: expected a folder that is there, got "${folder}"`);
  }
  return defineTool({
    name: 'read_file',
    description: `Reads a text file, up to ${MAX_BYTES} bytes, or lists a folder; "." is the top one. Paths are relative.`,
    parameters: z.strictObject({ path: z.string().min(1).max(1024) }),
    run: ({ path }) => read(root, path),
  });
}

async function read(root: string, path: string): Promise<string> {
  // A path that leads out gets the same error as a missing file: the model must not learn what exists elsewhere.
  const refuse = () => {
    throw new Error(`path: expected a file of this folder, got ${JSON.stringify(path)}`);
  };
  const target = await realpath(resolve(root, path)).catch(refuse);
  if (!isInside(root, target)) return refuse();
  // Opening a pipe would wait for its other end.
  const file = await open(target, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(refuse);
  try {
    const facts = await file.stat();
    if (facts.isDirectory()) return await list(target);
    if (!facts.isFile()) return refuse();
    return await text(file, path);
  } finally {
    await file.close();
  }
}

function isInside(root: string, target: string): boolean {
  const way = relative(root, target);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

async function text(file: FileHandle, path: string): Promise<string> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_BYTES + 1), 0, MAX_BYTES + 1, 0);
  const bytes = buffer.subarray(0, Math.min(bytesRead, MAX_BYTES));
  if (bytes.includes(0)) throw new Error(`path: expected a text file, got ${JSON.stringify(path)}`);
  return bytesRead > MAX_BYTES ? `${bytes.toString()}\n[cut off after ${MAX_BYTES} bytes]` : bytes.toString();
}

async function list(folder: string): Promise<string> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name)).sort();
  const more = names.length > MAX_ENTRIES ? [`[and ${names.length - MAX_ENTRIES} more]`] : [];
  return [...names.slice(0, MAX_ENTRIES), ...more].join('\n');
}
