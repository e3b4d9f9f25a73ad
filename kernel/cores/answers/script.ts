import type { ToolCall, ToolCallDelta } from '../../../syscalls/chat-message.js';
import { wholeLength } from '../../../syscalls/whole-text.js';
import { textTokens } from '../../tokens.js';
import type { Answer } from './answer.js';
import { padding } from './filler.js';

/** An answer laid out over the tokens that it is to have. */
export interface Script {
  /** Tokens `from` to `to`; neighbouring ranges join. Empty where what is written is the call of a tool. */
  textOf(from: number, to: number): string;
  /** The piece of a tool call that these tokens are; the model thinks before it calls. */
  toolCallOf(from: number, to: number): ToolCallDelta | undefined;
  /** Whether all of it is said within these tokens; what follows only fills the length. */
  readonly isWhole: boolean;
}

/**
 * Says an answer in exactly so many tokens. What is too short is filled up: a text with words, one line and JSON
 * with blanks. A text that is too long is said in its next shorter wording, and what still is too long in
 * larger tokens, or cut.
 *
 * @param isCut whether the answer would be longer if it could
 */
export function scriptOf(answer: Answer, tokens: number, isCut: boolean): Script {
  if (answer.kind === 'tool') {
    const { name, arguments: text } = answer.call.function;
    const isWhole = !isCut || textTokens(name + text) <= tokens;
    return { textOf: () => '', toolCallOf: isWhole ? piecesOf(answer.call, tokens) : nothing, isWhole };
  }
  const wordings = answer.kind === 'json' ? [answer.text] : answer.wordings;
  const fitting = wordings.find((wording) => textTokens(wording) <= tokens);
  const isWhole = fitting !== undefined || !isCut;
  const isBare = answer.kind === 'json' || answer.isLine;
  const fill = isBare ? (from: number, to: number) => ' '.repeat(to - from) : padding;
  const text = fitting ?? wordings.at(-1) ?? '';
  const length = isWhole ? Math.min(textTokens(text), tokens) : textTokens(text);
  const place = (token: number) => placeIn(text, token / length);
  return {
    textOf(from, to) {
      const said = from >= length ? '' : text.slice(place(from), to >= length ? undefined : place(to));
      return to <= length ? said : said + fill(Math.max(0, from - length), to - length);
    },
    toolCallOf: nothing,
    isWhole,
  };
}

const nothing = () => undefined;

/** The arguments in the last tokens. */
function piecesOf({ id, function: { name, arguments: text } }: ToolCall, tokens: number): Script['toolCallOf'] {
  const length = Math.min(textTokens(text), tokens);
  const place = (token: number) => placeIn(text, Math.max(0, token - (tokens - length)) / length);
  return (from, to) => {
    const piece = text.slice(place(from), to >= tokens ? undefined : place(to));
    return piece === '' ? undefined : { id, name, arguments: piece };
  };
}

/** A character at this share of a text, that does not cut one in two. */
function placeIn(text: string, share: number): number {
  return wholeLength(text.slice(0, Math.floor(share * text.length)));
}
