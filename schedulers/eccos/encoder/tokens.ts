import { readFile } from 'node:fs/promises';
import { Tokenizer } from '@huggingface/tokenizers';
import { z } from 'zod';
import { SyscallError } from '../../../syscalls/errors.js';
import { describeIssue } from '../../../syscalls/protocol.js';
import { cutText } from './text.js';

/** Most tokens that a network is given; vectors of the shipped one collapse beyond it. */
const MAX_TOKENS = 128;

/** What every tokenizer.json has; the rest is for the library to understand. */
const tokenizerFile = z.looseObject({
  model: z.looseObject({ vocab: z.union([z.record(z.string(), z.number()), z.array(z.unknown())]) }),
});

/** Turns texts into token ids as a `tokenizer.json` of Hugging Face says. */
export class TokenReader {
  readonly #tokenizer: Tokenizer;

  private constructor(tokenizer: Tokenizer) {
    this.#tokenizer = tokenizer;
  }

  /** @throws SyscallError `invalid-config` for a file that is absent or no tokenizer.json */
  static async open(path: string): Promise<TokenReader> {
    try {
      const content: unknown = JSON.parse(new TextDecoder().decode(await readFile(path)));
      const parsed = tokenizerFile.safeParse(content);
      if (!parsed.success) throw new Error(describeIssue(parsed.error, content, ''));
      const reader = new TokenReader(new Tokenizer(parsed.data, {}));
      reader.ids('Does it work?');
      return reader;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new SyscallError('invalid-config', `Expected ${path} to be a Hugging Face tokenizer.json, got: ${reason}`);
    }
  }

  /** At most 128 ids: of longer texts the first 64 and the last 64. None for a text without a token. */
  ids(text: string): readonly number[] {
    const { ids } = this.#tokenizer.encode(cutText(text));
    return ids.length <= MAX_TOKENS ? ids : [...ids.slice(0, MAX_TOKENS / 2), ...ids.slice(-MAX_TOKENS / 2)];
  }
}
