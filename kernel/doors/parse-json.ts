import { SyscallError } from '../../syscalls/errors.js';
import { brokenBound, type JsonBounds } from '../../syscalls/json-scan.js';

/**
 * Decodes JSON from outside. Its structure is bounded first, by a scan that does not recurse: code that walks a deep value
 * later, `JSON.stringify` too, would overflow the stack, and a check of half a million values would hold up everybody.
 *
 * @param root what messages of errors call the text. @default message
 * @throws SyscallError `invalid-request` for too large a structure, `parse-error` for a text that is not valid JSON
 */
export function parseJson(text: string, bounds: JsonBounds, root = 'message'): unknown {
  const rule = brokenBound(text, bounds);
  if (rule !== undefined) throw new SyscallError('invalid-request', `${root}: Expected ${rule}, got more`);
  try {
    return JSON.parse(text);
  } catch {
    // No cause: the engine's message repeats a part of the text, which may be a prompt.
    throw new SyscallError(
      'parse-error',
      `${root}: Expected JSON, got ${text.length} characters that are not valid JSON`,
    );
  }
}
