/** Far above what a network sees of ordinary text, and little to tokenise. */
export const MAX_CHARACTERS = 2_000;

/**
 * What an encoder looks at: a long text's head and tail, half each, since few-shot prompts ask their question last.
 * Cutting twice changes nothing.
 */
export function cutText(text: string): string {
  const cut = headAndTail(text.trim());
  // Tokenizers normalise first, and one character of it may become eighteen.
  const normal = cut.normalize('NFKC');
  return normal.length <= MAX_CHARACTERS ? cut : headAndTail(normal);
}

function headAndTail(text: string): string {
  if (text.length <= MAX_CHARACTERS) return text;
  const half = MAX_CHARACTERS / 2;
  return `${text.slice(0, half).trimEnd()} ${text.slice(1 - half).trimStart()}`;
}
