import { createRequire } from 'node:module';
import { Tinypool } from 'tinypool';
import { type RpcError, SyscallError } from '../../../syscalls/errors.js';
import { refuseTelemetry } from '../onnx/telemetry.js';
import type { Encoder } from './encoder.js';
import { shippedEncoder } from './onnx-encoder.js';
import { ThreadGate } from './thread-gate.js';

/** Few milliseconds of work with the shipped encoder, 100 with a larger one: a short call waits no longer than that for a long one under way. */
const TEXTS_A_TASK = 8;

/** What the thread is asked. No texts: only the length of a vector. */
export interface EncoderTask {
  /** Cells of the gate inside which it works. */
  readonly gate: Int32Array;
  readonly folder: string;
  readonly texts: readonly string[];
}

/** Errors cross the thread as data, since a clone of one would lose its code. */
export type EncoderReply =
  | { readonly dimensions: number; readonly vectors: readonly Float32Array[] }
  | { readonly error: RpcError };

/**
 * An `OnnxEncoder` in a thread of its own, or in several: the event loop never waits for a network. Calls take turns, a few
 * texts each. Idle threads keep no process alive.
 */
export class ThreadedEncoder implements Encoder {
  readonly dimensions: number;
  readonly #thread: EncoderThread;
  readonly #underWay = new Set<Promise<unknown>>();
  #closed: Promise<void> | undefined;

  private constructor(thread: EncoderThread, dimensions: number) {
    this.#thread = thread;
    this.dimensions = dimensions;
  }

  /**
   * Starts a thread and opens the encoder in it; each other one starts when it is first needed.
   *
   * @param folder @default the shipped encoder's
   * @throws SyscallError `invalid-config` as `OnnxEncoder.open`
   */
  static async open(folder = shippedEncoder(), threads = 1): Promise<ThreadedEncoder> {
    // The thread may be the first to load the runtime, and cannot say so itself.
    refuseTelemetry();
    const filename = createRequire(import.meta.url).resolve('#encoder-thread');
    const pool = new Tinypool({ filename, name: 'encode', minThreads: 1, maxThreads: threads, execArgv: [] });
    const thread = { pool, folder, gate: new ThreadGate() };
    process.once('exit', thread.gate.shut);
    try {
      const { dimensions } = await ask(thread, []);
      return new ThreadedEncoder(thread, dimensions);
    } catch (error) {
      await end(thread);
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
    this.#closed ??= this.#end();
    return this.#closed;
  }

  async #run(texts: readonly string[]): Promise<readonly Float32Array[]> {
    const closed = 'Expected the encoder to be open, got a text after or while it was closed';
    if (this.#closed !== undefined) throw new SyscallError('cancelled', closed);
    const task = ask(this.#thread, texts);
    this.#underWay.add(task);
    try {
      return (await task).vectors;
    } catch (error) {
      throw this.#closed === undefined ? SyscallError.from(error) : new SyscallError('cancelled', closed);
    } finally {
      this.#underWay.delete(task);
    }
  }

  /** A thread that is ended while the runtime computes takes the process with it: its task ends first. */
  async #end(): Promise<void> {
    this.#thread.pool.cancelPendingTasks();
    await Promise.allSettled(this.#underWay);
    await end(this.#thread);
  }
}

interface EncoderThread {
  readonly pool: Tinypool;
  readonly folder: string;
  readonly gate: ThreadGate;
}

async function end({ pool, gate }: EncoderThread): Promise<void> {
  await pool.destroy();
  process.off('exit', gate.shut);
}

type Answer = Exclude<EncoderReply, { readonly error: RpcError }>;

async function ask({ pool, folder, gate }: EncoderThread, texts: readonly string[]): Promise<Answer> {
  const reply = (await pool.run({ gate: gate.cells, folder, texts } satisfies EncoderTask)) as EncoderReply;
  if ('error' in reply) throw SyscallError.fromRpc(reply.error);
  return reply;
}
