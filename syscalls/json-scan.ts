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

/** A member's value that is a number, from the end of the member's name on. */
const NUMBER_VALUE = /\s*:\s*(-?\d[-+.\deE]*)/y;
/** Characters of `"id"` in quotes with each letter as an escape. */
const LONGEST_ID_NAME = 14;

/**
 * The ids that are numbers, as they are written: one entry for each request of a batch, one in all for any other message. Undefined
 * where the id is no number. `JSON.parse` does not say what it has rounded.
 *
 * @param text valid JSON
 */
export function writtenIds(text: string): readonly (string | undefined)[] {
  const level = text.trimStart().startsWith('[') ? 2 : 1;
  const ids: (string | undefined)[] = [undefined];
  let depth = 0;
  let isName = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      const end = endOfString(text, at);
      if (depth === level && isName) {
        if (isIdName(text, at, end)) {
          NUMBER_VALUE.lastIndex = end + 1;
          // Of two members of one name the last one holds, as for `JSON.parse`.
          ids[ids.length - 1] = NUMBER_VALUE.exec(text)?.[1];
        }
        isName = false;
      }
      at = end;
    } else if (code === COMMA) {
      if (depth === level) isName = true;
      else if (depth === level - 1) ids.push(undefined);
    } else if (code === OPEN_OBJECT || code === OPEN_LIST) {
      depth++;
      isName = true;
    } else if (code === CLOSE_OBJECT || code === CLOSE_LIST) depth--;
  }
  return ids;
}

function isIdName(text: string, start: number, end: number): boolean {
  return end - start < LONGEST_ID_NAME && JSON.parse(text.slice(start, end + 1)) === 'id';
}

const NUMBER = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([-+]?\d+))?$/;
/** More characters than any number has that is written as short as can be. */
const LONGEST_NUMBER = 128;

/** Whether a number is what was written, and not the nearest one that a double can hold. */
export function isExact(written: string, value: number): boolean {
  return written.length <= LONGEST_NUMBER && decimalOf(written) === decimalOf(JSON.stringify(value));
}

/** The same text for all ways to write a number. */
function decimalOf(written: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = NUMBER.exec(written) ?? [];
  const digits = (whole + fraction).replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return '0';
  return `${sign}${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`;
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
