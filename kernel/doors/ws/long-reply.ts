import type { RequestId } from '../../../syscalls/protocol.js';
import { PIECE, piecesOf } from '../pieces.js';

/** A reply whose result has a text. */
interface TextReply {
  readonly jsonrpc: '2.0';
  readonly id: RequestId;
  readonly result: { readonly text: string };
}

/** Whether the text of a reply is so long that it is to become JSON piece by piece. */
export function isLongReply(reply: object): reply is TextReply {
  const { result } = reply as { readonly result?: { readonly text?: unknown } };
  return typeof result?.text === 'string' && result.text.length > PIECE;
}

/** Of the text, of the result and of the reply. */
const END = '"}}';

/** A long reply as JSON, made piece by piece: its text is held once, and no step of it holds up others. */
export class LongReply implements Iterable<string> {
  readonly #reply: TextReply;

  constructor(reply: TextReply) {
    this.#reply = reply;
  }

  *[Symbol.iterator](): Generator<string> {
    const { jsonrpc, id, result } = this.#reply;
    const { text, ...rest } = result;
    // The text comes last, within both objects.
    yield JSON.stringify({ jsonrpc, id, result: { ...rest, text: '' } }).slice(0, -END.length);
    for (const piece of piecesOf(text)) yield JSON.stringify(piece).slice(1, -1);
    yield END;
  }
}
