import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { OutcomeRecord } from '../../../kernel/outcomes/record.js';
import { OnnxEncoder, shippedEncoder } from '../../../schedulers/eccos/encoder/onnx-encoder.js';
import { type Artefact, hashOf, readArtefact } from '../../../schedulers/eccos/predictor/artefact.js';
import {
  type IdentifiedEncoder,
  openIdentified,
  type PredictorFolders,
  predictorOf,
  shippedPredictor,
} from '../../../schedulers/eccos/predictor/open-predictor.js';
import type { PredictableCall, Prediction } from '../../../schedulers/eccos/predictor/prediction.js';
import type { PolicyServices } from '../../../schedulers/registry.js';
import type { CoreInfo } from '../../../syscalls/cores.js';
import type { Millis } from '../../../syscalls/syscall.js';
import { NeighbourPredictor } from '../predictor/neighbour-predictor.js';
import { frozen, learning, type TimedPredictor, TrialPredictor } from './trial-predictor.js';
import type { Work } from './work.js';

export interface PredictorOptions {
  /** For policies that do not name one. @default the shipped one */
  readonly folder: string | undefined;
  /** Every trial has predictors of its own, which learn from the ratings in it. */
  readonly learn: boolean;
  /**
   * What becomes of the time that predictions take. `modelled`: prompts are encoded ahead, in threads. `measured`: each
   * predictor encodes for itself on this thread, and remembers no vectors that another one would get for nothing. `real`:
   * as in a kernel, in a thread and when they are asked for.
   */
  readonly time: 'modelled' | 'measured' | 'real';
  /** In which prompts are encoded ahead. */
  readonly threads: number;
  /** Whom neighbours are looked for among; undefined: there are none. */
  readonly neighbours:
    | { readonly records: () => Promise<readonly OutcomeRecord[]>; readonly models: ReadonlySet<string> }
    | undefined;
}

/** Texts that are encoded ahead at a time. */
const AHEAD = 8;
/** Fewer prompts are encoded by the time that a second thread has opened the encoder. */
const FEW = 256;

/** What the policies of one trial get. */
export interface TrialPredictors {
  readonly services: PolicyServices;
  /** Milliseconds that their predictions took, as they count in this trial. */
  readonly predictMs: () => Millis;
  /** To be called when the kernel has stopped. */
  close(): Promise<void>;
}

/** The predictors of a comparison: each is opened once, and shared by all policies and seeds unless it learns. */
export class Predictors {
  readonly #options: PredictorOptions;
  readonly #artefacts = new Map<string, Promise<Artefact>>();
  readonly #encoders = new Map<string, Promise<IdentifiedEncoder>>();
  readonly #shared = new Map<string, Promise<TimedPredictor>>();
  #ahead: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: PredictorOptions) {
    this.#options = options;
  }

  /** @param work what predictions count for @default nothing */
  forTrial(work?: Work): TrialPredictors {
    const own: Promise<TimedPredictor>[] = [];
    let predictMs = 0;
    const spend = (calls: readonly PredictableCall[], realMs: Millis) => {
      predictMs += work?.predicted(calls, realMs) ?? 0;
    };
    const openOwn = async (folders: PredictorFolders) => {
      const opened = this.#open(folders).then(learning);
      own.push(opened);
      return opened;
    };
    const open = (folders: PredictorFolders) => (this.#options.learn ? openOwn(folders) : this.#sharedOf(folders));
    return {
      services: {
        predictor: (folders) => new TrialPredictor(() => open(folders), spend),
        ...(this.#options.neighbours && {
          neighbours: () => new TrialPredictor(() => this.#sharedNeighbours(), spend),
        }),
      },
      predictMs: () => predictMs,
      close: async () => {
        await Promise.all(own.map(async (opened) => (await opened).close()));
      },
    };
  }

  /**
   * Opens what a policy asks for. @returns how many of the prompts it was trained on
   *
   * @throws SyscallError `invalid-config` for a folder that holds no predictor, or one that was trained on another encoder
   */
  async seen(folders: PredictorFolders, prompts: readonly string[]): Promise<number> {
    const { seen } = await this.#artefactOf(folders);
    await this.#sharedOf(folders);
    return prompts.filter((prompt) => seen.has(prompt)).length;
  }

  /** What a predictor says of calls before it learns anything: a row a call, a column a core. */
  async forecast(
    folders: PredictorFolders,
    calls: readonly PredictableCall[],
    cores: readonly CoreInfo[],
  ): Promise<readonly (readonly Prediction[])[]> {
    return (await (await this.#sharedOf(folders)).predict(calls, cores)).rows;
  }

  /**
   * Has prompts encoded in the background, behind those of the last time, a few at a time: a policy that asks for another one
   * meanwhile hardly waits.
   */
  encodeAhead(prompts: readonly string[]): void {
    if (this.#options.time !== 'modelled') return;
    for (const encoder of this.#encoders.values()) {
      this.#ahead = this.#ahead.then(() => this.#encodeAhead(encoder, prompts));
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    const opened = await Promise.allSettled([...this.#shared.values()]);
    for (const one of opened) if (one.status === 'fulfilled') await one.value.close();
    const encoders = await Promise.allSettled([...this.#encoders.values()]);
    for (const one of encoders) if (one.status === 'fulfilled') await one.value.encoder.close();
  }

  async #encodeAhead(opening: Promise<IdentifiedEncoder>, prompts: readonly string[]): Promise<void> {
    try {
      const { encoder } = await opening;
      let at = 0;
      const encodeRest = async () => {
        while (at < prompts.length && !this.#closed) {
          const batch = prompts.slice(at, at + AHEAD);
          at += AHEAD;
          await encoder.encode(batch);
        }
      };
      // Two batches a thread: it goes on with one while the event loop is too busy to take the other and send a next one.
      const lanes = prompts.length < FEW ? 1 : 2 * this.#options.threads;
      await Promise.all(Array.from({ length: lanes }, encodeRest));
    } catch {
      // The policy that asks for the prompt gets the error.
    }
  }

  #folderOf({ predictor }: PredictorFolders): string {
    return predictor ?? this.#options.folder ?? shippedPredictor();
  }

  #artefactOf(folders: PredictorFolders): Promise<Artefact> {
    const folder = this.#folderOf(folders);
    return remembered(this.#artefacts, folder, () => readArtefact(folder));
  }

  #encoderOf(folder = shippedEncoder()): Promise<IdentifiedEncoder> {
    const { time, threads } = this.#options;
    return remembered(this.#encoders, folder, () =>
      time === 'measured' ? encoderOnThisThread(folder) : openIdentified(folder, time === 'modelled' ? threads : 1),
    );
  }

  #sharedOf(folders: PredictorFolders): Promise<TimedPredictor> {
    const key = JSON.stringify([this.#folderOf(folders), folders.encoder]);
    return remembered(this.#shared, key, async () => frozen(await this.#open(folders)));
  }

  #sharedNeighbours(): Promise<TimedPredictor> {
    const { records = async () => [], models = new Set<string>() } = this.#options.neighbours ?? {};
    return remembered(this.#shared, 'neighbours', async () =>
      frozen(await NeighbourPredictor.of(await records(), models, await this.#encoderOf())),
    );
  }

  async #open(folders: PredictorFolders) {
    const { encoder, sha256 } = await this.#encoderOf(folders.encoder);
    const lent = { dimensions: encoder.dimensions, encode: (texts: readonly string[]) => encoder.encode(texts), close };
    return predictorOf(await this.#artefactOf(folders), { encoder: lent, sha256 }, this.#folderOf(folders));
  }
}

async function encoderOnThisThread(folder: string): Promise<IdentifiedEncoder> {
  const encoder = await OnnxEncoder.open(folder);
  return { encoder, sha256: hashOf(await readFile(join(folder, 'model.onnx'))) };
}

/** What is lent is closed by its owner. */
async function close(): Promise<void> {}

function remembered<T>(known: Map<string, T>, key: string, make: () => T): T {
  const value = known.get(key) ?? make();
  known.set(key, value);
  return value;
}
