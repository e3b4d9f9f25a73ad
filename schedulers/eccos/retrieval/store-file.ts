import { createHash } from 'node:crypto';
import { type FileHandle, open, readFile, rename, rm } from 'node:fs/promises';
import { z } from 'zod';
import { SyscallError } from '../../../syscalls/errors.js';
import { describeIssue } from '../../../syscalls/protocol.js';
import { CaseStore, type StoreLimits } from './case-store.js';
import { decodePartition, encodePartition } from './partition-block.js';

const FORMAT = 'eccos-retrieval';
const VERSION = 1;
const HASH_BYTES = 32;

const header = z.object({
  format: z.literal(FORMAT),
  version: z.literal(VERSION),
  encoder: z.string(),
  dimensions: z.int().min(1),
  partitions: z.int().min(0),
});

/**
 * Writes the store to a file: a line of JSON, a block a partition (`encodePartition`), and the SHA-256 of it all. The file is
 * whole at any time: it is written beside, flushed and renamed. The same content has the same bytes; texts and names are in
 * it as digests only. Each partition is taken as it is when its turn comes, so calls may be rated meanwhile.
 *
 * @throws SyscallError `invalid-config` for a path that cannot be written
 */
export async function saveStore(store: CaseStore, path: string): Promise<void> {
  const beside = `${path}.new`;
  try {
    const file = await open(beside, 'w', 0o600);
    try {
      await writeStore(store, file).finally(() => file.close());
      await rename(beside, path);
    } catch (error) {
      await rm(beside, { force: true });
      throw error;
    }
  } catch (error) {
    throw new SyscallError('invalid-config', `Expected ${path} to be writable, got: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

async function writeStore(store: CaseStore, file: FileHandle): Promise<void> {
  const hash = createHash('sha256');
  const write = async (bytes: Uint8Array) => {
    hash.update(bytes);
    await file.writeFile(bytes);
  };
  const partitions = store.partitions();
  const { encoder, dimensions } = store;
  const first = { format: FORMAT, version: VERSION, encoder, dimensions, partitions: partitions.length };
  await write(Buffer.from(`${JSON.stringify(first)}\n`));
  for (const [id, partition] of partitions) {
    for (const bytes of encodePartition(id, partition, dimensions)) await write(bytes);
  }
  await file.writeFile(hash.digest());
  await file.sync();
}

/**
 * Reads what `saveStore` wrote. Answers are those of the saved store; where an approximate index served it, they may differ
 * within its recall. Limits may be other ones: what is too much is forgotten as when it is rated.
 *
 * @throws SyscallError `not-found` for an absent file; `invalid-config`, with file, rule and value, for one that cannot be
 * read, is no store, is cut or altered, of another version, or of another encoder or dimension
 */
export async function restoreStore(
  path: string,
  expected: { readonly encoder: string; readonly dimensions: number },
  limits: StoreLimits = {},
): Promise<CaseStore> {
  const bytes = await readBytes(path);
  const refused = (rule: string, value: string | number) =>
    new SyscallError('invalid-config', `Expected ${path} to be ${rule}, got ${value}`);
  const line = bytes.indexOf('\n');
  const first = parse(bytes.subarray(0, Math.max(0, line)));
  if (first === undefined) throw refused('a retrieval store', `${bytes.length} bytes of something else`);
  const decoded = header.safeParse(first);
  if (!decoded.success)
    throw new SyscallError('invalid-config', `${path}: ${describeIssue(decoded.error, first, 'header')}`);
  const { encoder, dimensions, partitions } = decoded.data;
  if (encoder !== expected.encoder) throw refused(`of the encoder "${expected.encoder}"`, `"${encoder}"`);
  if (dimensions !== expected.dimensions) throw refused(`of ${expected.dimensions} dimensions`, dimensions);
  const content = bytes.subarray(0, Math.max(line + 1, bytes.length - HASH_BYTES));
  if (!createHash('sha256').update(content).digest().equals(bytes.subarray(content.length)))
    throw refused('whole', `${bytes.length} bytes that do not match their SHA-256`);

  const store = new CaseStore(encoder, dimensions, limits);
  let offset = line + 1;
  for (let n = 0; n < partitions; n++) {
    const { id, points, end } = decodePartition(content, offset, dimensions);
    store.restore(id, points);
    offset = end;
  }
  return store;
}

async function readBytes(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    const absent = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new SyscallError(
      absent ? 'not-found' : 'invalid-config',
      `Expected ${path} to be a readable retrieval store, got: ${reasonOf(error)}`,
      { cause: error },
    );
  }
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
