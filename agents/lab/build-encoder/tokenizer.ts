import type { EncoderPackage } from './package.js';

/** Ids 1 to 5 are marks of the training, which no text may match: a private use character keeps theirs apart. */
const MARKS = 5;
/** Read of a text: more are about as good for predictions, and fewer are worse. */
const MOST_TOKENS = 512;
const UNMATCHED = '\u{f8ff}';

/**
 * The vocabulary as a `tokenizer.json` of Hugging Face: a Unigram model over text in NFKC, white space as one space,
 * each word behind a `▁`.
 *
 * White space differs from the package on purpose: there a tab or a line break is an unknown character, and the word
 * behind it another one than behind a space.
 */
export function encoderTokenizer(pieces: EncoderPackage['pieces']): string {
  const vocab = pieces.map(([piece, score], id) => [id > 0 && id <= MARKS ? UNMATCHED + piece : piece, score ?? 0]);
  return `${JSON.stringify({
    version: '1.0',
    truncation: { direction: 'Right', max_length: MOST_TOKENS, strategy: 'LongestFirst', stride: 0 },
    padding: null,
    added_tokens: [],
    normalizer: {
      type: 'Sequence',
      normalizers: [
        { type: 'NFKC' },
        { type: 'Replace', pattern: { Regex: '\\s+' }, content: ' ' },
        { type: 'Strip', strip_left: true, strip_right: true },
        { type: 'Prepend', prepend: '▁' },
        { type: 'Replace', pattern: { String: ' ' }, content: '▁' },
      ],
    },
    pre_tokenizer: null,
    post_processor: null,
    decoder: null,
    model: { type: 'Unigram', unk_id: 0, vocab },
  })}\n`;
}
