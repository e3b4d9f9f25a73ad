import { type FileHandle, open } from 'node:fs/promises';

const NEWLINE = 0x0a;
/** Bytes that are looked at together, from the end on. */
const STEP = 2 ** 16;

/**
 * Has a file of lines end with a line: what follows the last end of a line is cut off, unless it is a whole JSON text, whose end alone
 * is missing.
 *
 * @returns bytes that were cut off
 * @throws what the file system says
 */
export async function mendTail(path: string): Promise<number> {
  const file = await open(path, 'r+');
  try {
    const { size } = await file.stat();
    const end = await lastLineEnd(file, size);
    if (end === size) return 0;
    const rest = Buffer.alloc(size - end);
    await file.read(rest, 0, rest.length, end);
    if (isJson(rest.toString())) {
      await file.write('\n', size);
      return 0;
    }
    await file.truncate(end);
    return size - end;
  } finally {
    await file.close();
  }
}

/** Whether the last byte of a file ends a line. */
export async function endsLine(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    return (await lastLineEnd(file, size)) === size;
  } finally {
    await file.close();
  }
}

/** Where the last whole line ends; 0: nowhere. */
async function lastLineEnd(file: FileHandle, size: number): Promise<number> {
  for (let to = size; to > 0; to -= STEP) {
    const from = Math.max(0, to - STEP);
    const { buffer } = await file.read(Buffer.alloc(to - from), 0, to - from, from);
    const at = buffer.lastIndexOf(NEWLINE);
    if (at >= 0) return from + at + 1;
  }
  return 0;
}

export function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
