const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** Most lists and objects inside one another, and most commas: a value that keeps to them is cheap to check and to walk. */
export interface JsonBounds {
  readonly maxMessageDepth: number;
  readonly maxMessageValues: number;
}

/** The rule that a JSON text breaks, if it breaks one. Looks at the text, so that what is too large never becomes a value. */
export function brokenBound(text: string, { maxMessageDepth, maxMessageValues }: JsonBounds): string | undefined {
  let depth = 0;
  let values = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at);
    else if (code === COMMA) {
      if (++values > maxMessageValues) return `at most ${maxMessageValues} values`;
    } else if (code === OPEN_OBJECT || code === OPEN_LIST) {
      if (++depth > maxMessageDepth) return `at most ${maxMessageDepth} levels of nesting`;
    } else if (code === CLOSE_OBJECT || code === CLOSE_LIST) depth--;
  }
  return undefined;
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
