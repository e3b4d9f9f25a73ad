import stringWidth from 'string-width';

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** Cells that a text takes on a terminal: two for a wide character, none for a mark that joins another or a colour code. */
export function widthOf(text: string): number {
  return stringWidth(text);
}

/** A text with blanks behind it up to a width in cells. */
export function padEnd(text: string, width: number): string {
  return text + blanks(text, width);
}

/** A text with blanks before it up to a width in cells. */
export function padStart(text: string, width: number): string {
  return blanks(text, width) + text;
}

/** The start of a text that has no control codes, as far as so many cells take it; no character is cut in two. */
export function cutTo(text: string, width: number): string {
  // Every character takes a unit at least, and most texts are short.
  if (text.length * 2 <= width) return text;
  let used = 0;
  for (const { segment, index } of graphemes.segment(text)) {
    used += stringWidth(segment);
    if (used > width) return text.slice(0, index);
  }
  return text;
}

function blanks(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - stringWidth(text)));
}
