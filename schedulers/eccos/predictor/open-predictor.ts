import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { SyscallError } from '../../../syscalls/errors.js';
import type { predictorFolders } from '../../parameters.js';
import type { Encoder } from '../encoder/encoder.js';
import { shippedEncoder } from '../encoder/onnx-encoder.js';
import { openEncoder } from '../encoder/open-encoder.js';
import { type Artefact, hashOf, readArtefact } from './artefact.js';
import { TrainedHeads } from './heads.js';
import { HybridPredictor } from './hybrid-predictor.js';
import { emptyMemory } from './memory.js';
import { MemoryFolder } from './memory-folder.js';

/** An encoder and its identity: vectors of one mean nothing to nets trained on another. */
export interface IdentifiedEncoder {
  readonly encoder: Encoder;
  readonly sha256: string;
}

/** As `predictorFolders` describes them. */
export type PredictorFolders = { readonly [Folder in keyof typeof predictorFolders]?: string | undefined };

/** Folder of the predictor that ships with the kernel. */
export function shippedPredictor(): string {
  return dirname(createRequire(import.meta.url).resolve('#artefacts/default/predictor.json'));
}

/**
 * @param threads in which it works @default 1
 * @throws SyscallError `invalid-config` for a folder that holds no encoder
 */
export async function openIdentified(folder = shippedEncoder(), threads?: number): Promise<IdentifiedEncoder> {
  const encoder = await openEncoder(folder, threads);
  return { encoder, sha256: hashOf(await readFile(join(folder, 'model.onnx'))) };
}

/**
 * Opens a trained predictor with what it remembers.
 *
 * @param warn receives what an operator should know @default it is dropped
 * @throws SyscallError `invalid-config` for a folder that holds none, one that was trained on another encoder, or a
 * memory that is in use or cannot be read
 */
export async function openPredictor(
  folders: PredictorFolders = {},
  warn: (message: string) => void = () => {},
): Promise<HybridPredictor> {
  const { memory, memoryFault, predictor: folder = shippedPredictor() } = folders;
  // First what takes no time to find out.
  const options = { fault: memoryFault === 'refuse' ? 'refuse' : 'set-aside', warn } as const;
  const kept = memory === undefined ? undefined : await MemoryFolder.open(memory, options);
  let identified: IdentifiedEncoder | undefined;
  try {
    const artefact = await readArtefact(folder);
    identified = await openIdentified(folders.encoder);
    return await predictorOf(artefact, identified, folder, kept);
  } catch (error) {
    kept?.close();
    await identified?.encoder.close();
    throw error;
  }
}

/**
 * @param name what messages call the artefact: its folder
 * @param folder where what it learns is kept; closed with it @default it is forgotten
 */
export async function predictorOf(
  { file, heads }: Artefact,
  { encoder, sha256 }: IdentifiedEncoder,
  name: string,
  folder?: MemoryFolder,
): Promise<HybridPredictor> {
  if (file.encoder.sha256 !== sha256) {
    throw new SyscallError(
      'invalid-config',
      `Expected the encoder that ${name} was trained on, sha256 ${file.encoder.sha256}, got ${sha256}`,
    );
  }
  const base = { encoder: sha256, dimensions: encoder.dimensions, heads: file.heads };
  // First what needs no closing: where it fails, nothing stays open.
  const memory = (await folder?.restore(base)) ?? emptyMemory(base);
  const source = { name: join(name, 'heads.onnx'), bytes: heads };
  const opened = await TrainedHeads.open(source, file.scale, file.models);
  return new HybridPredictor({ encoder, heads: opened, tasks: file.tasks && new Set(file.tasks), memory, folder });
}
