import { SyscallError } from '../../../syscalls/errors.js';
import { OnnxEncoder } from '../encoder/onnx-encoder.js';
import type { EncoderReply, EncoderTask } from '../encoder/threaded-encoder.js';

/** The one encoder of this thread; its pool never asks for another folder. */
let opened: Promise<OnnxEncoder> | undefined;

/** What the pool calls in the thread. */
export async function encode({ folder, texts }: EncoderTask): Promise<EncoderReply> {
  try {
    opened ??= OnnxEncoder.open(folder);
    const encoder = await opened;
    return { dimensions: encoder.dimensions, vectors: await encoder.encode(texts) };
  } catch (error) {
    return { error: SyscallError.from(error).toRpc() };
  }
}
