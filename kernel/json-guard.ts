import { SyscallError } from '../syscalls/errors.js';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/**
 * Decodes JSON from outside. Its depth is bounded first, by a scan that does not recurse: whatever walks a deep value
 * later, `JSON.stringify` too, would overflow the stack.
 *
 * @param maxDepth most lists and objects inside one another
 * @throws SyscallError `invalid-request` for too deep a text, `parse-error` for one that is no JSON
 */
export function parseJson(text: string, maxDepth: number): unknown {
  if (isDeeper(text, maxDepth)) {
    throw new SyscallError('invalid-request', `message: Expected at most ${maxDepth} levels of nesting, got more`);
  }
  try {
    return JSON.parse(text);
  } catch {
    // No cause: the engine's message repeats a part of the text, which may be a prompt.
    throw new SyscallError(
      'parse-error',
      `message: Expected JSON, got a text of ${text.length} characters that is none`,
    );
  }
}

function isDeeper(text: string, maxDepth: number): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at);
    else if (code === OPEN_OBJECT || code === OPEN_LIST) {
      if (++depth > maxDepth) return true;
    } else if (code === CLOSE_OBJECT || code === CLOSE_LIST) depth--;
  }
  return false;
}

/** Index of the quote that closes the string which opens at `start`; the end of the text when none does. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end !== -1 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end === -1 ? text.length : end;
}

/** Each backslash stands before one quote at most, so that the whole scan stays linear. */
function isEscaped(text: string, at: number): boolean {
  let first = at;
  while (text.charCodeAt(first - 1) === BACKSLASH) first--;
  return (at - first) % 2 === 1;
}
