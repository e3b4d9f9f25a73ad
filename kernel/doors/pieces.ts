/** Most characters of one piece of a text that goes out. */
export const PIECE = 2 ** 16;

/** Where a piece ends that starts here: no piece ends in the middle of a character. @param end of the text that may go out */
export function endOfPiece(text: string, start: number, end = text.length): number {
  const cut = start + PIECE;
  if (cut >= end) return end;
  return (text.charCodeAt(cut - 1) & 0xfc00) === 0xd800 ? cut - 1 : cut;
}

/** A text in pieces. */
export function* piecesOf(text: string): Generator<string> {
  for (let start = 0, end = 0; start < text.length; start = end) {
    end = endOfPiece(text, start);
    yield text.slice(start, end);
  }
}
