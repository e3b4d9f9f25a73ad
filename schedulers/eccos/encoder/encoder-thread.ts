import { SyscallError } from '../../../syscalls/errors.js';
import { OnnxEncoder } from './onnx-encoder.js';
import { ThreadGate } from './thread-gate.js';
import type { EncoderReply, EncoderTask } from './threaded-encoder.js';

/** The one encoder of this thread; its pool never asks for another folder. */
let opened: Promise<OnnxEncoder> | undefined;

/** What the pool calls in the thread. */
export async function encode({ gate, folder, texts }: EncoderTask): Promise<EncoderReply> {
  try {
    const reply = await new ThreadGate(gate).through(async () => {
      opened ??= OnnxEncoder.open(folder);
      const encoder = await opened;
      return { dimensions: encoder.dimensions, vectors: await encoder.encode(texts) };
    });
    if (reply === undefined) throw new SyscallError('cancelled', 'Expected the process to run on, got its end');
    return reply;
  } catch (error) {
    return { error: SyscallError.from(error).toRpc() };
  }
}
