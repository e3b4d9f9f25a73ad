import { LRUCache } from 'lru-cache';
import { z } from 'zod';

/** Words that are remembered with their ids, about 8 MB, and characters of one. */
const MOST_WORDS = 50_000;
const MOST_CHARACTERS = 40;

/**
 * A Unigram model as SentencePiece has it: white space is one space, `▁` stands before each word, and no piece goes on after a space.
 * The best pieces of a text are then those of its words.
 */
const apart = z.looseObject({
  normalizer: z.strictObject({
    type: z.literal('Sequence'),
    normalizers: z.tuple([
      z.strictObject({ type: z.literal('NFKC') }),
      z.strictObject({
        type: z.literal('Replace'),
        pattern: z.strictObject({ Regex: z.literal('\\s+') }),
        content: z.literal(' '),
      }),
      z.strictObject({ type: z.literal('Strip'), strip_left: z.literal(true), strip_right: z.literal(true) }),
      z.strictObject({ type: z.literal('Prepend'), prepend: z.literal('▁') }),
      z.strictObject({
        type: z.literal('Replace'),
        pattern: z.strictObject({ String: z.literal(' ') }),
        content: z.literal('▁'),
      }),
    ]),
  }),
  added_tokens: z.tuple([]),
  pre_tokenizer: z.null(),
  post_processor: z.null(),
  model: z.looseObject({
    type: z.literal('Unigram'),
    vocab: z.array(z.tuple([z.string().refine((piece) => piece.lastIndexOf('▁') <= 0), z.number()])),
  }),
});

/** Whether the words of a text can be read one by one. @param tokenizer content of a `tokenizer.json` */
export function hasApartWords(tokenizer: unknown): boolean {
  return apart.safeParse(tokenizer).success;
}

/** Reads words one by one, and remembers them: the library takes five times as long for a text as a whole. */
export class WordTokens {
  readonly #idsOf: (word: string) => readonly number[];
  readonly #known = new LRUCache<string, readonly number[]>({ max: MOST_WORDS });

  /** @param idsOf what the tokenizer makes of any text */
  constructor(idsOf: (word: string) => readonly number[]) {
    this.#idsOf = idsOf;
  }

  ids(text: string): readonly number[] {
    // Normalising first: it makes spaces of some other characters.
    const words = text.normalize('NFKC').split(/\s+/);
    return words.flatMap((word) => (word === '' ? [] : this.#idsOfWord(word)));
  }

  #idsOfWord(word: string): readonly number[] {
    const known = this.#known.get(word);
    if (known !== undefined) return known;
    const ids = this.#idsOf(word);
    if (word.length <= MOST_CHARACTERS) this.#known.set(word, ids);
    return ids;
  }
}
