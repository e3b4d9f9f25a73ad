import { CachedEncoder } from './cached-encoder.js';
import type { Encoder } from './encoder.js';
import { ThreadedEncoder } from './threaded-encoder.js';

/**
 * The encoder as a kernel uses it: in a thread of its own, and with a memory.
 *
 * @param folder with `model.onnx` and `tokenizer.json` @default the shipped encoder's
 * @throws SyscallError `invalid-config` for a folder that holds no encoder
 */
export async function openEncoder(folder?: string): Promise<Encoder> {
  return new CachedEncoder(await ThreadedEncoder.open(folder));
}
