import { createRequire } from 'node:module';
import { Tinypool } from 'tinypool';
import { type RpcError, SyscallError } from '../../../syscalls/errors.js';
import type { Encoder } from './encoder.js';
import { shippedEncoder } from './onnx-encoder.js';

/** A text takes about three milliseconds: so long at most do those of another call wait. */
const TEXTS_A_TASK = 8;

/** What the thread is asked. No texts: only the length of a vector. */
export interface EncoderTask {
  readonly folder: string;
  readonly texts: readonly string[];
}

/** Errors cross the thread as data, since a clone of one would lose its code. */
export type EncoderReply =
  | { readonly dimensions: number; readonly vectors: readonly Float32Array[] }
  | { readonly error: RpcError };

/**
 * An `OnnxEncoder` in a thread of its own: the event loop never waits for a network. Calls take turns, a few texts each.
 * The idle thread keeps no process alive.
 */
export class ThreadedEncoder implements Encoder {
  readonly dimensions: number;
  readonly #pool: Tinypool;
  readonly #folder: string;
  #closed: Promise<void> | undefined;

  private constructor(pool: Tinypool, folder: string, dimensions: number) {
    this.#pool = pool;
    this.#folder = folder;
    this.dimensions = dimensions;
  }

  /**
   * Starts the thread and opens the encoder in it.
   *
   * @param folder @default the shipped encoder's
   * @throws SyscallError `invalid-config` as `OnnxEncoder.open`
   */
  static async open(folder = shippedEncoder()): Promise<ThreadedEncoder> {
    const filename = createRequire(import.meta.url).resolve('#threads/encoder-thread.js');
    const pool = new Tinypool({ filename, name: 'encode', minThreads: 1, maxThreads: 1 });
    try {
      const { dimensions } = await ask(pool, { folder, texts: [] });
      return new ThreadedEncoder(pool, folder, dimensions);
    } catch (error) {
      await pool.destroy();
      throw error;
    }
  }

  /** @throws SyscallError `cancelled` where it was closed, else as `OnnxEncoder` */
  async encode(texts: readonly string[]): Promise<readonly Float32Array[]> {
    const vectors: Float32Array[] = [];
    for (let at = 0; at < texts.length; at += TEXTS_A_TASK) {
      vectors.push(...(await this.#run(texts.slice(at, at + TEXTS_A_TASK))));
    }
    return vectors;
  }

  close(): Promise<void> {
    this.#closed ??= this.#pool.destroy();
    return this.#closed;
  }

  async #run(texts: readonly string[]): Promise<readonly Float32Array[]> {
    try {
      if (this.#closed === undefined) return (await ask(this.#pool, { folder: this.#folder, texts })).vectors;
    } catch (error) {
      if (this.#closed === undefined) throw SyscallError.from(error);
    }
    throw new SyscallError('cancelled', 'Expected the encoder to be open, got a text after or while it was closed');
  }
}

async function ask(pool: Tinypool, task: EncoderTask): Promise<Exclude<EncoderReply, { error: RpcError }>> {
  const reply = (await pool.run(task)) as EncoderReply;
  if ('error' in reply) throw SyscallError.fromRpc(reply.error);
  return reply;
}
