import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { type ChatParams, messageText } from '../syscalls/llm-chat.js';

/** Characters of one text that are counted exactly; the rest is taken to be as dense as these. */
const EXACT_CHARS = 20_000;
/** Tokens that a chat template adds to a message: role and separators, as OpenAI counts them. */
const TOKENS_PER_MESSAGE = 4;

/** Text that looks like a special token is counted as the plain text that it is. */
const PLAIN = { disallowedSpecial: new Set<string>() };

/** Tokens of a text in o200k_base. Past 20,000 characters an estimate, so that a text of 1 MB does not hold up the kernel. */
export function textTokens(text: string): number {
  if (text.length <= EXACT_CHARS) return countTokens(text, PLAIN);
  return Math.ceil((countTokens(text.slice(0, EXACT_CHARS), PLAIN) * text.length) / EXACT_CHARS);
}

/** Tokens of the messages and tool descriptions of a call. */
export function inputTokensOf(params: ChatParams): number {
  let tokens = params.tools === undefined ? 0 : textTokens(JSON.stringify(params.tools));
  for (const message of params.messages) {
    tokens += TOKENS_PER_MESSAGE + textTokens(messageText(message));
    if (message.role === 'assistant' && message.tool_calls !== undefined) {
      tokens += textTokens(JSON.stringify(message.tool_calls));
    }
  }
  return tokens;
}
