import { readFile } from 'node:fs/promises';
import { Tokenizer } from '@huggingface/tokenizers';
import { z } from 'zod';
import { SyscallError } from '../../../syscalls/errors.js';
import { describeIssue } from '../../../syscalls/protocol.js';
import { cutText } from './text.js';
import { hasApartWords, WordTokens } from './word-tokens.js';

/** Most tokens that a network is given where its tokenizer does not say. */
const USUAL_TOKENS = 128;
/** Networks of the BERT class have no more places; the text is cut to about as many. */
const MOST_TOKENS = 512;

/** What every tokenizer.json has, or may have; the rest is for the library to understand. */
const tokenizerFile = z.looseObject({
  truncation: z.looseObject({ max_length: z.int().min(2) }).nullish(),
  model: z.looseObject({ vocab: z.union([z.record(z.string(), z.number()), z.array(z.unknown())]) }),
});

/** Turns texts into token ids as a `tokenizer.json` of Hugging Face says. */
export class TokenReader {
  readonly #idsOf: (text: string) => readonly number[];
  readonly #most: number;

  private constructor(idsOf: (text: string) => readonly number[], most: number) {
    this.#idsOf = idsOf;
    this.#most = most;
  }

  /** @throws SyscallError `invalid-config` for a file that is absent or no tokenizer.json */
  static async open(path: string): Promise<TokenReader> {
    try {
      const content: unknown = JSON.parse(new TextDecoder().decode(await readFile(path)));
      const parsed = tokenizerFile.safeParse(content);
      if (!parsed.success) throw new Error(describeIssue(parsed.error, content, ''));
      const tokenizer = new Tokenizer(parsed.data, {});
      const encode = (text: string) => tokenizer.encode(text).ids;
      const words = hasApartWords(parsed.data) ? new WordTokens(encode) : undefined;
      const most = Math.min(MOST_TOKENS, parsed.data.truncation?.max_length ?? USUAL_TOKENS);
      const reader = new TokenReader(words === undefined ? encode : (text) => words.ids(text), most);
      reader.ids('Does it work?');
      return reader;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new SyscallError('invalid-config', `Expected ${path} to be a Hugging Face tokenizer.json, got: ${reason}`);
    }
  }

  /**
   * At most as many ids as the tokenizer truncates to, 128 where it does not, 512 at most: of longer texts the first and the last
   * half of them. None for a text without a token.
   */
  ids(text: string): readonly number[] {
    const ids = this.#idsOf(cutText(text));
    if (ids.length <= this.#most) return ids;
    const tail = Math.floor(this.#most / 2);
    return [...ids.slice(0, this.#most - tail), ...ids.slice(-tail)];
  }
}
