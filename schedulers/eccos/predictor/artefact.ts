import { createHash } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { SyscallError } from '../../../syscalls/errors.js';
import { describeIssue } from '../../../syscalls/protocol.js';
import { makeFolder } from './make-folder.js';
import { modelProfile } from './model-profile.js';
import { SURFACE_FEATURES } from './surface-features.js';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'Expected 64 hexadecimal digits');
const numbers = z.array(z.number());

/** What a trained predictor is, beside the weights of its nets. */
const predictorFile = z.strictObject({
  format: z.literal('eccos-predictor'),
  version: z.literal(1),
  /** The encoder that the nets were trained on: no other fits. */
  encoder: z.strictObject({ sha256, dimensions: z.int().min(1) }),
  /** sha256 of heads.onnx. */
  heads: sha256,
  /** sha256 of seen.bin. */
  seen: sha256,
  surfaceFeatures: z.array(z.string()),
  /** Of the embedding, then of the surface features. */
  scale: z.strictObject({ mean: numbers, deviation: numbers }),
  models: z.array(modelProfile).min(1),
  training: z.strictObject({
    seed: z.int(),
    data: z.array(z.strictObject({ file: z.string(), records: z.int(), sha256 })),
    trainRecords: z.int(),
    validationRecords: z.int(),
    nets: z.array(z.strictObject({ loss: z.number(), epoch: z.int() })),
  }),
  /** On the validation part. */
  metrics: z.record(z.string(), z.number().nullable()),
});

export type PredictorFile = Readonly<z.infer<typeof predictorFile>>;

/** A trained predictor: its description, its nets, and hashes of the prompts that it has seen. */
export interface Artefact {
  readonly file: PredictorFile;
  /** Bytes of heads.onnx. */
  readonly heads: Uint8Array;
  /** Of every prompt of the training and validation part, sorted. */
  readonly seen: SeenPrompts;
}

const DESCRIPTION = 'predictor.json';
const HEADS = 'heads.onnx';
const SEEN = 'seen.bin';

/** Bytes of a hash that are kept of a prompt: two different ones agree once in 10^14. */
const SEEN_BYTES = 8;

/** Knows whether a prompt was trained on, without keeping its text. */
export class SeenPrompts {
  readonly #keys: ReadonlySet<string>;

  private constructor(keys: ReadonlySet<string>) {
    this.#keys = keys;
  }

  static of(prompts: Iterable<string>): SeenPrompts {
    return new SeenPrompts(new Set(Array.from(prompts, keyOf)));
  }

  static fromBytes(bytes: Buffer): SeenPrompts {
    const keys = Array.from({ length: bytes.length / SEEN_BYTES }, (_, i) =>
      bytes.toString('hex', i * SEEN_BYTES, (i + 1) * SEEN_BYTES),
    );
    return new SeenPrompts(new Set(keys));
  }

  has(prompt: string): boolean {
    return this.#keys.has(keyOf(prompt));
  }

  toBytes(): Buffer {
    return Buffer.from([...this.#keys].sort().join(''), 'hex');
  }
}

/**
 * Reads a folder that `writeArtefact` wrote.
 *
 * @throws SyscallError `invalid-config` for a file that is absent, malformed or not the one that belongs here
 */
export async function readArtefact(folder: string): Promise<Artefact> {
  // One after the other: the error of an empty folder names the first.
  const description = await bytesOf(join(folder, DESCRIPTION));
  const heads = await bytesOf(join(folder, HEADS));
  const seen = await bytesOf(join(folder, SEEN));
  const path = join(folder, DESCRIPTION);
  let value: unknown;
  try {
    value = JSON.parse(description.toString());
  } catch (cause) {
    throw new SyscallError('invalid-config', `Expected ${path} to be JSON`, { cause });
  }
  const parsed = predictorFile.safeParse(value);
  if (!parsed.success)
    throw new SyscallError('invalid-config', `${path}: ${describeIssue(parsed.error, value, 'predictor')}`);
  const file = parsed.data;
  const width = file.encoder.dimensions + file.surfaceFeatures.length;
  if (file.surfaceFeatures.join() !== SURFACE_FEATURES.join()) {
    throw new SyscallError('invalid-config', `${path}: Expected the surface features of this version; train it again`);
  }
  for (const [name, list] of Object.entries(file.scale)) {
    if (list.length === width) continue;
    throw new SyscallError(
      'invalid-config',
      `${path}: Expected scale.${name} to hold ${width} numbers, got ${list.length}`,
    );
  }
  for (const [name, bytes, hash] of [
    [HEADS, heads, file.heads],
    [SEEN, seen, file.seen],
  ] as const) {
    if (hashOf(bytes) === hash) continue;
    throw new SyscallError(
      'invalid-config',
      `Expected ${join(folder, name)} to have sha256 ${hash}, got ${hashOf(bytes)}`,
    );
  }
  return { file, heads, seen: SeenPrompts.fromBytes(seen) };
}

/** Writes three files: each whole or not at all, the description last. */
export async function writeArtefact(folder: string, { file, heads, seen }: Artefact): Promise<void> {
  await makeFolder(folder);
  const contents = [
    [HEADS, heads],
    [SEEN, seen.toBytes()],
    [DESCRIPTION, `${JSON.stringify(file, null, 1)}\n`],
  ] as const;
  for (const [name, bytes] of contents) {
    const path = join(folder, name);
    await writeFile(`${path}.tmp`, bytes);
    await rename(`${path}.tmp`, path);
  }
}

export function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function keyOf(prompt: string): string {
  return createHash('sha256')
    .update(prompt)
    .digest('hex')
    .slice(0, 2 * SEEN_BYTES);
}

async function bytesOf(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new SyscallError('invalid-config', `Expected ${path} to be a readable file: ${(cause as Error).message}`, {
      cause,
    });
  }
}
