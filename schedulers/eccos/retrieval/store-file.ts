import { createHash } from 'node:crypto';
import { z } from 'zod';
import { SyscallError } from '../../../syscalls/errors.js';
import { describeIssue } from '../../../syscalls/protocol.js';
import { CaseStore, type StoreLimits } from './case-store.js';
import { decodePartition, encodePartition } from './partition-block.js';

const FORMAT = 'eccos-retrieval';
const VERSION = 2;
const HASH_BYTES = 32;

const header = z.object({
  format: z.literal(FORMAT),
  version: z.union([z.literal(1), z.literal(VERSION)]),
  encoder: z.string(),
  dimensions: z.int().min(1),
  partitions: z.int().min(0),
});

/**
 * The store as bytes, in parts: a line of JSON, and a block a partition (`encodePartition`). The same content has the same bytes;
 * texts and names are in it as digests only. Each partition is taken as it is when its turn comes, so calls may be rated meanwhile.
 */
export function* encodeStore(store: CaseStore): Generator<Uint8Array> {
  const partitions = store.partitions();
  const { encoder, dimensions } = store;
  const first = { format: FORMAT, version: VERSION, encoder, dimensions, partitions: partitions.length };
  yield Buffer.from(`${JSON.stringify(first)}\n`);
  for (const [id, partition] of partitions) yield* encodePartition(id, partition, dimensions);
}

/**
 * Reads what `encodeStore` wrote. Answers are those of the saved store; where an approximate index served it, they may differ
 * within its recall. Limits may be other ones: what is too much is forgotten as when it is rated.
 *
 * @param bytes as they were written, which the reader of the file has checked
 * @param path names them in messages
 * @throws SyscallError `invalid-config`, with file, rule and value, for what is no store, of another version, or of another encoder
 * or dimension
 */
export function decodeStore(
  bytes: Buffer,
  path: string,
  expected: { readonly encoder: string; readonly dimensions: number },
  limits: StoreLimits = {},
): CaseStore {
  const refused = (rule: string, value: string | number) =>
    new SyscallError('invalid-config', `Expected ${path} to be ${rule}, got ${value}`);
  const line = bytes.indexOf('\n');
  const first = parse(bytes.subarray(0, Math.max(0, line)));
  if (first === undefined) throw refused('a retrieval store', `${bytes.length} bytes of something else`);
  const decoded = header.safeParse(first);
  if (!decoded.success)
    throw new SyscallError('invalid-config', `${path}: ${describeIssue(decoded.error, first, 'header')}`);
  const { version, encoder, dimensions, partitions } = decoded.data;
  if (encoder !== expected.encoder) throw refused(`of the encoder "${expected.encoder}"`, `"${encoder}"`);
  if (dimensions !== expected.dimensions) throw refused(`of ${expected.dimensions} dimensions`, dimensions);
  const content = version === 1 ? withoutHash(bytes, refused) : bytes;

  const store = new CaseStore(encoder, dimensions, limits);
  let offset = line + 1;
  for (let n = 0; n < partitions; n++) {
    const { id, points, end } = decodePartition(content, offset, dimensions);
    store.restore(id, points);
    offset = end;
  }
  return store;
}

/** Version 1 ended with the SHA-256 of all that came before. */
function withoutHash(bytes: Buffer, refused: (rule: string, value: string) => SyscallError): Buffer {
  const content = bytes.subarray(0, Math.max(0, bytes.length - HASH_BYTES));
  if (createHash('sha256').update(content).digest().equals(bytes.subarray(content.length))) return content;
  throw refused('whole', `${bytes.length} bytes that do not match their SHA-256`);
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
}
