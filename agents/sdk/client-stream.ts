import type { ToolCallDelta } from '../../syscalls/chat-message.js';
import { SyscallError } from '../../syscalls/errors.js';
import type { ChatChunk, ChatReply } from '../../syscalls/llm-chat.js';
import { wholeLength } from '../../syscalls/whole-text.js';
import type { ChatCall } from './client-chat.js';
import { ToolCallTexts } from './tool-call-texts.js';

/** The next piece of a streamed answer. */
export interface ChatDelta {
  readonly text: string;
  /** The call was moved to another core after a failure: the text before this piece is void. */
  readonly restart: boolean;
  /** Pieces of tool calls, which come after the text: the JSON of the arguments as it is written. Absent where there are none. */
  readonly toolCalls?: readonly ToolCallDelta[];
}

/**
 * A streamed answer: iterate over it once for its text and tool calls as they come; `reply` has all of it, with usage, cost and core.
 *
 * A slow reader gets fewer and longer pieces, so what waits for it is never more than the answer. Leaving the loop
 * cancels the syscall, and `reply` then rejects as `cancelled`. An answer that fails throws in the loop, too.
 */
export class ChatStream implements AsyncIterable<ChatDelta> {
  /** The whole answer. Rejects with SyscallError; nobody has to look at it. */
  readonly reply: Promise<ChatReply>;
  readonly #call: ChatCall;
  /** All text since the start or the last restart; `#read` characters of it were handed out. */
  #text = '';
  #read = 0;
  #restart = false;
  readonly #toolCalls = new ToolCallTexts();
  /** The attempt that the text is of. */
  #attempt = 0;
  #ended = false;
  #wake = () => {};

  /** @param start makes the call whose chunks go to `onChunk` @internal */
  constructor(start: (onChunk: (chunk: ChatChunk) => void) => ChatCall) {
    this.#call = start((chunk) => this.#take(chunk));
    this.reply = this.#call.reply.then((reply) => this.#complete(reply));
    const end = () => {
      this.#ended = true;
      this.#wake();
    };
    this.reply.then(end, end);
  }

  /** For one reader: a second one gets what the first leaves. */
  async *[Symbol.asyncIterator](): AsyncGenerator<ChatDelta, void, undefined> {
    try {
      for (;;) {
        // Half a character waits for its other half, which may be in the next chunk.
        const end = this.#ended ? this.#text.length : wholeLength(this.#text);
        const text = this.#text.slice(this.#read, end).toWellFormed();
        const restart = this.#restart;
        const toolCalls = this.#toolCalls.take();
        if (text !== '' || restart || toolCalls.length > 0) {
          this.#restart = false;
          this.#read = end;
          yield { text, restart, ...(toolCalls.length === 0 ? {} : { toolCalls }) };
        } else if (this.#ended) {
          await this.reply;
          return;
        } else {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
        }
      }
    } finally {
      this.#call.abandon(new SyscallError('cancelled', 'The reader left the stream'));
    }
  }

  #take({ attempt, offset, text, restart, toolCalls = [] }: ChatChunk): void {
    if (restart || attempt !== this.#attempt) this.#startAgain();
    this.#attempt = attempt;
    if (offset !== this.#text.length) {
      const message = `llm.chunk: expected offset ${this.#text.length}, got ${offset}`;
      this.#call.abandon(new SyscallError('internal', message));
      return;
    }
    this.#text += text;
    for (const piece of toolCalls) this.#toolCalls.add(piece);
    this.#wake();
  }

  /** The reply holds what the kernel did not stream because this connection was slow: more text, or another start. */
  #complete(reply: ChatReply): ChatReply {
    if (!reply.text.startsWith(this.#text) || !this.#toolCalls.complete(reply.toolCalls)) {
      this.#startAgain();
      this.#toolCalls.complete(reply.toolCalls);
    }
    this.#text = reply.text;
    return reply;
  }

  /** Text that nobody has read needs no taking back. */
  #startAgain(): void {
    const wasRead = this.#toolCalls.clear() || this.#read > 0;
    this.#restart ||= wasRead;
    this.#text = '';
    this.#read = 0;
  }
}
