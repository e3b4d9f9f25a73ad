import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CachedEncoder } from '../../schedulers/eccos/encoder/cached-encoder.js';
import { OnnxEncoder, shippedEncoder } from '../../schedulers/eccos/encoder/onnx-encoder.js';
import { type Artefact, hashOf, readArtefact } from '../../schedulers/eccos/predictor/artefact.js';
import {
  type IdentifiedEncoder,
  openIdentified,
  type PredictorFolders,
  predictorOf,
  shippedPredictor,
} from '../../schedulers/eccos/predictor/open-predictor.js';
import type { Predictor } from '../../schedulers/eccos/predictor/prediction.js';
import type { PolicyServices } from '../../schedulers/registry.js';
import type { Millis } from '../../syscalls/syscall.js';
import { frozen, learning, type TimedPredictor, TrialPredictor } from './trial-predictor.js';

export interface PredictorOptions {
  /** For policies that do not name one. @default the shipped one */
  readonly folder: string | undefined;
  /** Every trial has predictors of its own, which learn from what is judged in it. */
  readonly learn: boolean;
  /** Time is real: prompts are encoded in a thread of their own. */
  readonly live: boolean;
}

/** What the policies of one trial get. */
export interface TrialPredictors {
  readonly services: PolicyServices;
  /** Real milliseconds that their predictions took, or had taken when they were first made. */
  readonly predictMs: () => Millis;
  /** To be called when the kernel has stopped. */
  close(): Promise<void>;
}

/** The predictors of a comparison: each is opened once, and shared by all policies and seeds unless it learns. */
export class Predictors {
  readonly #options: PredictorOptions;
  readonly #artefacts = new Map<string, Promise<Artefact>>();
  readonly #shared = new Map<string, Promise<TimedPredictor>>();
  #encoder: Promise<IdentifiedEncoder> | undefined;

  constructor(options: PredictorOptions) {
    this.#options = options;
  }

  forTrial(): TrialPredictors {
    const { learn } = this.#options;
    const own: Promise<TimedPredictor>[] = [];
    let predictMs = 0;
    const openOwn = (folder: string) => {
      const opened = this.#open(folder, learning);
      own.push(opened);
      return opened;
    };
    const predictor = ({ predictor: named }: PredictorFolders) => {
      const folder = this.#folderOf(named);
      return new TrialPredictor(
        () => (learn ? openOwn(folder) : this.#sharedOf(folder)),
        (ms) => {
          predictMs += ms;
        },
      );
    };
    return {
      services: { predictor },
      predictMs: () => predictMs,
      close: async () => {
        await Promise.all(own.map(async (opened) => (await opened).close()));
      },
    };
  }

  /** How many of the prompts the predictor was trained on. @throws SyscallError `invalid-config` for a folder that holds none */
  async seen(named: string | undefined, prompts: readonly string[]): Promise<number> {
    const { seen } = await this.#artefactOf(this.#folderOf(named));
    return prompts.filter((prompt) => seen.has(prompt)).length;
  }

  async close(): Promise<void> {
    for (const opened of this.#shared.values()) await (await opened).close();
    await (await this.#encoder)?.encoder.close();
  }

  #folderOf(named: string | undefined): string {
    return named ?? this.#options.folder ?? shippedPredictor();
  }

  #artefactOf(folder: string): Promise<Artefact> {
    return remembered(this.#artefacts, folder, () => readArtefact(folder));
  }

  #sharedOf(folder: string): Promise<TimedPredictor> {
    return remembered(this.#shared, folder, () => this.#open(folder, frozen));
  }

  async #open(folder: string, as: (predictor: Predictor) => TimedPredictor): Promise<TimedPredictor> {
    const artefact = await this.#artefactOf(folder);
    this.#encoder ??= this.#options.live ? openIdentified() : encoderOnThisThread();
    const { encoder, sha256 } = await this.#encoder;
    const lent = { dimensions: encoder.dimensions, encode: (texts: readonly string[]) => encoder.encode(texts), close };
    return as(await predictorOf(artefact, { encoder: lent, sha256 }, folder));
  }
}

async function encoderOnThisThread(): Promise<IdentifiedEncoder> {
  const bytes = await readFile(join(shippedEncoder(), 'model.onnx'));
  return { encoder: new CachedEncoder(await OnnxEncoder.open()), sha256: hashOf(bytes) };
}

/** What is lent is closed by its owner. */
async function close(): Promise<void> {}

function remembered<T>(known: Map<string, T>, key: string, make: () => T): T {
  const value = known.get(key) ?? make();
  known.set(key, value);
  return value;
}
