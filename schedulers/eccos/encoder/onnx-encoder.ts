import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { SyscallError } from '../../../syscalls/errors.js';
import { OnnxModel } from '../onnx/model.js';
import type { Encoder } from './encoder.js';
import { unitVector } from './pooling.js';
import { TokenReader } from './tokens.js';

const INPUTS = ['input_ids', 'attention_mask', 'token_type_ids'];
/** Where a model has several outputs: the vector of the sentence before the states of the tokens. */
const OUTPUTS = ['embedding', 'sentence_embedding', 'last_hidden_state', 'token_embeddings'];

/** Folder of the encoder that ships with the kernel. */
export function shippedEncoder(): string {
  return dirname(createRequire(import.meta.url).resolve('#artefacts/encoder/model.onnx'));
}

/**
 * An encoder from a folder with `model.onnx` and `tokenizer.json`, of the BERT class: it takes `input_ids`, `attention_mask`
 * and perhaps `token_type_ids`, int64 [batch, tokens], and gives a vector of the sentence or the states of its tokens.
 *
 * It works on the calling thread, one text a run: a vector then never depends on other texts of a batch.
 */
export class OnnxEncoder implements Encoder {
  readonly dimensions: number;
  readonly #parts: Parts;

  private constructor(parts: Parts, dimensions: number) {
    this.#parts = parts;
    this.dimensions = dimensions;
  }

  /**
   * @param folder @default the shipped encoder's
   * @throws SyscallError `invalid-config` for a file that is absent or does not fit, by its name
   */
  static async open(folder = shippedEncoder()): Promise<OnnxEncoder> {
    const tokens = await TokenReader.open(join(folder, 'tokenizer.json'));
    const any = [null, null];
    const model = await OnnxModel.open(join(folder, 'model.onnx'), { inputs: { input_ids: any, attention_mask: any } });
    try {
      const parts = { tokens, model, output: outputOf(model) };
      return new OnnxEncoder(parts, (await vectorOf('How wide is it?', parts)).length);
    } catch (error) {
      await model.close();
      throw error;
    }
  }

  async encode(texts: readonly string[]): Promise<readonly Float32Array[]> {
    const vectors: Float32Array[] = [];
    for (const text of texts) vectors.push(await vectorOf(text, this.#parts));
    return vectors;
  }

  async close(): Promise<void> {
    await this.#parts.model.close();
  }
}

interface Parts {
  readonly tokens: TokenReader;
  readonly model: OnnxModel;
  /** Name of the output that is read. */
  readonly output: string;
}

async function vectorOf(text: string, { tokens, model, output }: Parts): Promise<Float32Array> {
  const ids = tokens.ids(text);
  // A run needs one place at least; with a mask of zero it is no token.
  const places = Math.max(ids.length, 1);
  const row = (value: (at: number) => number) => ({
    data: BigInt64Array.from({ length: places }, (_, at) => BigInt(value(at))),
    dimensions: [1, places],
  });
  const inputs = {
    input_ids: row((at) => ids[at] ?? 0),
    attention_mask: row((at) => (at < ids.length ? 1 : 0)),
    ...(model.inputs.includes('token_type_ids') && { token_type_ids: row(() => 0) }),
  };
  const results = await model.run(inputs, [output]);
  return unitVector(results[output] as (typeof results)[string], ids.length, model.name);
}

function outputOf(model: OnnxModel): string {
  const strange = model.inputs.find((name) => !INPUTS.includes(name));
  if (strange !== undefined) {
    throw new SyscallError('invalid-config', `Expected ${model.name} to take ${INPUTS.join(', ')}, got "${strange}"`);
  }
  const [only] = model.outputs;
  const known = model.outputs.length === 1 ? only : OUTPUTS.find((name) => model.outputs.includes(name));
  if (known !== undefined) return known;
  const found = model.outputs.join(', ');
  throw new SyscallError(
    'invalid-config',
    `Expected ${model.name} to have an output ${OUTPUTS.join(' or ')}, got ${found}`,
  );
}
