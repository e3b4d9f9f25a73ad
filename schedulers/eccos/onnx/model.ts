import { readFile } from 'node:fs/promises';
import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { SyscallError } from '../../../syscalls/errors.js';
import { refuseTelemetry } from './telemetry.js';

/** Values in row order, and the size of each dimension. */
export interface TensorIn {
  readonly data: Float32Array | BigInt64Array;
  readonly dimensions: readonly number[];
}

export interface TensorOut {
  readonly data: Float32Array;
  readonly dimensions: readonly number[];
}

/** Sizes that are asked of a tensor; null: any. */
export type Shape = readonly (number | null)[];

/** What a model must at least take and give, by name. */
export interface Signature {
  readonly inputs?: Readonly<Record<string, Shape>>;
  readonly outputs?: Readonly<Record<string, Shape>>;
}

type Side = 'input' | 'output';

/**
 * An ONNX model on one CPU thread. `run` computes on the calling thread: it stalls it for as long as the model takes.
 * The runtime is loaded when the first model is opened.
 */
export class OnnxModel {
  /** What messages call it: its path. */
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly #session: InferenceSession;
  readonly #TensorClass: typeof Tensor;

  private constructor(name: string, session: InferenceSession, TensorClass: typeof Tensor) {
    this.name = name;
    this.inputs = session.inputNames;
    this.outputs = session.outputNames;
    this.#session = session;
    this.#TensorClass = TensorClass;
  }

  /**
   * Opens a file, or the bytes of one.
   *
   * @param source a path, or bytes with the name for messages
   * @throws SyscallError `invalid-config` for a file that is absent or no ONNX model, or that does not fit the signature,
   * and where onnxruntime-node is not installed
   */
  static async open(
    source: string | { readonly name: string; readonly bytes: Uint8Array },
    signature: Signature = {},
  ): Promise<OnnxModel> {
    const { name, bytes } = typeof source === 'string' ? { name: source, bytes: await bytesOf(source) } : source;
    refuseTelemetry();
    const runtime = await loadRuntime();
    let session: InferenceSession;
    try {
      session = await runtime.InferenceSession.create(bytes, {
        executionProviders: ['cpu'],
        intraOpNumThreads: 1,
        interOpNumThreads: 1,
        // What goes wrong is thrown; the runtime need not print it as well.
        logSeverityLevel: 4,
      });
    } catch (error) {
      throw new SyscallError('invalid-config', `Expected ${name} to be an ONNX model, got: ${reason(error)}`);
    }
    const model = new OnnxModel(name, session, runtime.Tensor);
    try {
      model.#check('input', signature.inputs ?? {}, session.inputMetadata);
      model.#check('output', signature.outputs ?? {}, session.outputMetadata);
    } catch (error) {
      await model.close();
      throw error;
    }
    return model;
  }

  /**
   * Computes the named outputs, which must hold floats.
   *
   * @throws SyscallError `invalid-config` where inputs do not fit the model or each other, or an output is absent or no float
   */
  async run<Name extends string>(
    inputs: Readonly<Record<string, TensorIn>>,
    outputs: readonly Name[],
  ): Promise<Record<Name, TensorOut>> {
    let results: InferenceSession.ReturnType;
    try {
      const feeds = Object.fromEntries(
        Object.entries(inputs).map(([name, { data, dimensions }]) => [name, this.#tensor(data, dimensions)]),
      );
      results = await this.#session.run(feeds, [...outputs]);
    } catch (error) {
      throw new SyscallError('invalid-config', `Expected ${this.name} to run on its inputs, got: ${reason(error)}`);
    }
    const floats = outputs.map((name) => [name, this.#floats(name, results[name] as Tensor)]);
    return Object.fromEntries(floats) as Record<Name, TensorOut>;
  }

  /** Frees the model's memory. Nothing runs after it. */
  async close(): Promise<void> {
    await this.#session.release();
  }

  #tensor(data: TensorIn['data'], dimensions: readonly number[]): Tensor {
    return data instanceof Float32Array
      ? new this.#TensorClass('float32', data, dimensions)
      : new this.#TensorClass('int64', data, dimensions);
  }

  #floats(name: string, { data, dims }: Tensor): TensorOut {
    if (data instanceof Float32Array) return { data, dimensions: dims };
    throw new SyscallError('invalid-config', `Expected output ${name} of ${this.name} to hold float32 numbers`);
  }

  #check(side: Side, wanted: Readonly<Record<string, Shape>>, found: readonly InferenceSession.ValueMetadata[]): void {
    for (const [name, shape] of Object.entries(wanted)) {
      const value = found.find((one) => one.name === name);
      if (value === undefined) {
        const names = found.map((one) => one.name).join(', ');
        throw new SyscallError('invalid-config', `Expected ${this.name} to have an ${side} "${name}", got ${names}`);
      }
      if (!value.isTensor || !fits(shape, value.shape)) {
        const got = value.isTensor ? `[${value.shape.join(', ')}]` : 'no tensor';
        throw new SyscallError(
          'invalid-config',
          `Expected ${side} "${name}" of ${this.name} to be [${shape.map((size) => size ?? '*').join(', ')}], got ${got}`,
        );
      }
    }
  }
}

/** An optional dependency: npm removes it again where its install script cannot reach the network. */
async function loadRuntime(): Promise<typeof import('onnxruntime-node')> {
  try {
    return await import('onnxruntime-node');
  } catch (error) {
    const [why] = reason(error).split(/\n| imported from /);
    const repair = 'npm install --ignore-scripts onnxruntime-node';
    throw new SyscallError(
      'invalid-config',
      `Expected onnxruntime-node, which policy eccos and its predictor run on, got: ${why}. To install it: ${repair}`,
    );
  }
}

/** A dimension that the model leaves open fits any size. */
function fits(wanted: Shape, found: readonly (number | string)[]): boolean {
  return (
    wanted.length === found.length &&
    wanted.every((size, at) => size === null || typeof found[at] === 'string' || found[at] === size)
  );
}

async function bytesOf(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new SyscallError('invalid-config', `Expected ${path} to be a readable ONNX file, got: ${reason(error)}`);
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
