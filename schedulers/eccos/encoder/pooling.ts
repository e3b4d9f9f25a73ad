import { SyscallError } from '../../../syscalls/errors.js';
import type { TensorOut } from '../onnx/model.js';

/**
 * The unit vector of one text from what a network gave.
 *
 * @param output a sentence's vector [1, width], or the states of its tokens [1, tokens, width], of which the mean is taken
 * @param tokens how many of the states are tokens; the others are padding behind them
 * @param name of the model, for messages
 * @throws SyscallError `invalid-config` for another rank, and for numbers that are not finite
 */
export function unitVector({ data, dimensions }: TensorOut, tokens: number, name: string): Float32Array {
  const width = dimensions.at(-1) ?? 0;
  if ((dimensions.length !== 2 && dimensions.length !== 3) || width === 0) {
    const rule = 'Expected the output to be [batch, width] or [batch, tokens, width]';
    throw new SyscallError('invalid-config', `${name}: ${rule}, got [${dimensions.join(', ')}]`);
  }
  // The mean's direction is the sum's.
  const rows = dimensions.length === 2 ? 1 : tokens;
  const vector = new Float32Array(width);
  for (let at = 0; at < rows * width; at++) vector[at % width] = (vector[at % width] as number) + (data[at] as number);
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  if (!Number.isFinite(length)) {
    throw new SyscallError('invalid-config', `${name}: Expected the output to be finite, got a length of ${length}`);
  }
  // No token, no direction: any one does, if it is always the same.
  if (length === 0) return vector.fill(1 / Math.sqrt(width));
  return vector.map((value) => value / length);
}
