import { CachedEncoder } from './cached-encoder.js';
import type { Encoder } from './encoder.js';
import { ThreadedEncoder } from './threaded-encoder.js';

/**
 * The encoder as a kernel uses it: off its own thread, and with a memory.
 *
 * @param folder with `model.onnx` and `tokenizer.json` @default the shipped encoder's
 * @param threads @default 1
 * @throws SyscallError `invalid-config` for a folder that holds no encoder
 */
export async function openEncoder(folder?: string, threads?: number): Promise<Encoder> {
  return new CachedEncoder(await ThreadedEncoder.open(folder, threads));
}
