/** An escape in a JSON text: a surrogate pair, half of one, or any other. */
const ESCAPE = /\\(?:ud[89ab][\da-f]{2}\\ud[c-f][\da-f]{2}|(ud[89a-f][\da-f]{2})|.)/gis;
const HALF = /\\ud[89a-f]/i;
const REPLACEMENT = '\uFFFD';

/**
 * A JSON text in which halves of surrogate pairs are U+FFFD, in names and values, written out or escaped. A cut at a
 * character count leaves such halves, `JSON.stringify` escapes them, and strict parsers of providers refuse the whole request.
 */
export function wellFormed(json: string): string {
  const text = json.replace(/\p{Surrogate}/gu, REPLACEMENT);
  if (!HALF.test(text)) return text;
  return text.replace(ESCAPE, (whole, half?: string) => (half === undefined ? whole : REPLACEMENT));
}
