import { hash } from 'node:crypto';
import { createRequire } from 'node:module';
import { LRUCache } from 'lru-cache';
import { type ChatMessage, messageText } from '../syscalls/chat-message.js';
import type { ChatParams } from '../syscalls/llm-chat.js';
import { mediaTokens } from './media-tokens.js';

type Tokenizer = typeof import('gpt-tokenizer/encoding/o200k_base');

let tokenizer: Tokenizer | undefined;

/** Its 200,000 words take a third of a second to read: not by a command that counts nothing, and not during the first call. */
export function loadTokenizer(): Tokenizer {
  tokenizer ??= createRequire(import.meta.url)('gpt-tokenizer/encoding/o200k_base') as Tokenizer;
  return tokenizer;
}

/** Characters that are counted; a longer text is taken to be as dense as pieces of it, spread evenly. */
const COUNTED_CHARS = 8192;
/**
 * A text is counted in pieces of at most so many characters: byte-pair encoding takes the square of the length of a
 * run without a space, so that 20,000 Chinese characters in one piece take a second, and the 8,192 that are counted 15 ms in pieces. Pieces end
 * before a space, where tokens end too; only in a longer run can each cut add a token, 0.4 % of its characters.
 */
const PIECE_CHARS = 256;
/**
 * The tokenizer caches what it has seen, as slices that keep their whole text in memory: the cache is dropped after so
 * many characters, which costs 1 % of the counting.
 */
const CACHED_CHARS = 2 ** 23;
let cachedChars = 0;
/** Tokens that a chat template adds to a message: role and separators, as OpenAI counts them. */
const TOKENS_PER_MESSAGE = 4;
/** Text that looks like a special token is counted as the plain text that it is. */
const PLAIN = { disallowedSpecial: new Set<string>() };

/** Counts of the texts that were asked for last: calls are repeated, retried and replayed. */
const known = new LRUCache<string, number>({ max: 8192 });
/** A shorter text is its own key; the key of a longer one is its digest, which has this length, so that no text can be another's key. */
const DIGEST_CHARS = 64;

/** Tokens of a text in o200k_base: exact for words and spaces up to 8,192 characters, beyond an estimate from as many. */
export function textTokens(text: string): number {
  const key = text.length < DIGEST_CHARS ? text : hash('sha256', text, 'hex');
  const counted = known.get(key);
  if (counted !== undefined) return counted;
  const tokens = countText(text);
  known.set(key, tokens);
  return tokens;
}

function countText(text: string): number {
  cachedChars += text.length;
  if (cachedChars > CACHED_CHARS) {
    loadTokenizer().clearMergeCache();
    cachedChars = text.length;
  }
  if (text.length <= COUNTED_CHARS) return count(text);
  const pieces = COUNTED_CHARS / PIECE_CHARS;
  const stride = text.length / pieces;
  let tokens = 0;
  for (let n = 0; n < pieces; n++) tokens += count(text.slice(n * stride, n * stride + PIECE_CHARS));
  return Math.ceil((tokens * text.length) / COUNTED_CHARS);
}

function count(text: string): number {
  const { countTokens } = loadTokenizer();
  let tokens = 0;
  for (let start = 0, end = 0; start < text.length; start = end) {
    end = endOfPiece(text, start);
    tokens += countTokens(text.slice(start, end), PLAIN);
  }
  return tokens;
}

function endOfPiece(text: string, start: number): number {
  const limit = start + PIECE_CHARS;
  if (limit >= text.length) return text.length;
  const space = text.lastIndexOf(' ', limit);
  return space > start ? space : limit;
}

/** Tokens of the messages and tool descriptions of a call; what is no text in them is estimated. */
export function inputTokensOf({ messages, tools }: ChatParams): number {
  const texts: string[] = [];
  let media = 0;
  for (const message of messages) {
    texts.push(textOf(message));
    if (typeof message.content === 'object') media += mediaTokens(message.content ?? []);
  }
  if (tools !== undefined) texts.push(JSON.stringify(tools));
  return messages.length * TOKENS_PER_MESSAGE + textTokens(texts.join('\n')) + media;
}

function textOf(message: ChatMessage): string {
  const text = messageText(message);
  if (message.role !== 'assistant') return text;
  const { tool_calls: calls = [], reasoning_content: thought } = message;
  return text + (thought ?? '') + (calls.length === 0 ? '' : JSON.stringify(calls));
}
