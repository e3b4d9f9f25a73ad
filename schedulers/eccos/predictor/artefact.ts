import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { SyscallError } from '../../../syscalls/errors.js';
import { decodeJson, makeFolder, writeWhole } from './files.js';
import { SURFACE_FEATURES } from './surface-features.js';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'Expected 64 hexadecimal digits');
const numbers = z.array(z.number());

/** What the heads know of one model beside the net's weights. */
const modelProfile = z.strictObject({
  name: z.string().min(1).max(128),
  /** Outcomes that it was trained on. */
  records: z.int().min(0),
  meanScore: z.number().min(0).max(1),
  /** Of log(1 + output tokens) on the training part: what the net's lengths are standardised by. */
  logTokens: z.strictObject({ mean: z.number(), deviation: z.number().positive() }),
  /** Mean of exp(residual of the log): turns a predicted log into a mean (Duan, "Smearing estimate", 1983). */
  smearing: z.number().positive(),
  /** 90 % quantile of the residuals of the log. */
  p90Residual: z.number(),
});

export type ModelProfile = Readonly<z.infer<typeof modelProfile>>;

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
  /** Data sets of the records that it was trained on; absent in files of older versions. */
  tasks: z.array(z.string()).optional(),
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
  const path = join(folder, DESCRIPTION);
  const description = await bytesOf(path);
  const heads = await bytesOf(join(folder, HEADS));
  const seen = await bytesOf(join(folder, SEEN));
  const file = decodeJson(path, description.toString(), predictorFile, 'predictor');
  const refused = (message: string) => new SyscallError('invalid-config', message);
  if (file.surfaceFeatures.join() !== SURFACE_FEATURES.join()) {
    throw refused(`${path}: Expected the surface features of this version; train it again`);
  }
  const width = file.encoder.dimensions + file.surfaceFeatures.length;
  for (const [name, { length }] of Object.entries(file.scale)) {
    if (length !== width) throw refused(`${path}: Expected scale.${name} to hold ${width} numbers, got ${length}`);
  }
  const checkHash = (name: string, found: string, hash: string) => {
    if (found !== hash) throw refused(`Expected ${join(folder, name)} to have sha256 ${hash}, got ${found}`);
  };
  checkHash(HEADS, hashOf(heads), file.heads);
  checkHash(SEEN, hashOf(seen), file.seen);
  return { file, heads, seen: SeenPrompts.fromBytes(seen) };
}

/** Writes three files: each whole or not at all, the description last. */
export async function writeArtefact(folder: string, { file, heads, seen }: Artefact): Promise<void> {
  await makeFolder(folder);
  await writeWhole(join(folder, HEADS), [heads]);
  await writeWhole(join(folder, SEEN), [seen.toBytes()]);
  await writeWhole(join(folder, DESCRIPTION), [Buffer.from(`${JSON.stringify(file, null, 1)}\n`)]);
}

export function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function keyOf(prompt: string): string {
  return hashOf(Buffer.from(prompt)).slice(0, 2 * SEEN_BYTES);
}

async function bytesOf(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    const { message } = cause as Error;
    throw new SyscallError('invalid-config', `Expected ${path} to be a readable file: ${message}`, { cause });
  }
}
