import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { type ChatParams, messageText } from '../syscalls/llm-chat.js';

/** Characters that are counted; the rest of a longer text is taken to be as dense as these. */
const COUNTED_CHARS = 16_384;
/**
 * A text is counted in pieces of at most so many characters: byte-pair encoding takes the square of the length of a
 * run without a space, so that 20,000 Chinese characters in one piece take a second, and in pieces 25 ms. Pieces end
 * before a space, where tokens end too; only in a longer run can each cut add a token, 0.4 % of its characters.
 */
const PIECE_CHARS = 256;
/** Tokens that a chat template adds to a message: role and separators, as OpenAI counts them. */
const TOKENS_PER_MESSAGE = 4;
/** Text that looks like a special token is counted as the plain text that it is. */
const PLAIN = { disallowedSpecial: new Set<string>() };

/** Tokens of a text in o200k_base: exact for words and spaces up to 16,384 characters, an estimate beyond. */
export function textTokens(text: string): number {
  const counted = Math.min(text.length, COUNTED_CHARS);
  let tokens = 0;
  for (let start = 0, end = 0; start < counted; start = end) {
    end = endOfPiece(text, start, counted);
    tokens += countTokens(text.slice(start, end), PLAIN);
  }
  return text.length === counted ? tokens : Math.ceil((tokens * text.length) / counted);
}

function endOfPiece(text: string, start: number, counted: number): number {
  const limit = start + PIECE_CHARS;
  if (limit >= counted) return counted;
  const space = text.lastIndexOf(' ', limit);
  return space > start ? space : limit;
}

/** Tokens of the messages and tool descriptions of a call. */
export function inputTokensOf({ messages, tools }: ChatParams): number {
  const texts = messages.map((message) =>
    message.role === 'assistant' && message.tool_calls !== undefined
      ? messageText(message) + JSON.stringify(message.tool_calls)
      : messageText(message),
  );
  if (tools !== undefined) texts.push(JSON.stringify(tools));
  return messages.length * TOKENS_PER_MESSAGE + textTokens(texts.join('\n'));
}
