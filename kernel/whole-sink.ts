import type { ToolCallDelta } from '../syscalls/chat-message.js';
import type { CoreId, SyscallId } from '../syscalls/syscall.js';
import { wholeLength } from '../syscalls/whole-text.js';
import type { AnswerText, CallSink, TextPlace } from './call-sink.js';

/**
 * Hands on whole characters only. Providers cut an answer anywhere: the first half of a surrogate pair waits for the second. A half
 * that stays alone becomes U+FFFD, so that all pieces make up the text of the reply.
 */
export class WholeSink implements CallSink {
  readonly #sink: CallSink;
  #half = '';
  /** Where the half belongs. */
  #place: TextPlace = { attempt: 1, offset: 0 };

  constructor(sink: CallSink) {
    this.#sink = sink;
  }

  accepted(id: SyscallId, answer: AnswerText): void {
    this.#sink.accepted(id, answer);
  }

  text(piece: string, { attempt, offset }: TextPlace): void {
    const text = this.#half + piece;
    const start = offset - this.#half.length;
    const length = wholeLength(text);
    this.#half = text.slice(length);
    this.#place = { attempt, offset: start + length };
    if (length > 0) this.#sink.text(text.slice(0, length).toWellFormed(), { attempt, offset: start });
  }

  started(core: CoreId, reason: string): void {
    this.#sink.started?.(core, reason);
  }

  /** Halves in it stay: as JSON they are escapes, and the reader joins them. */
  toolCall(piece: ToolCallDelta, place: TextPlace): void {
    this.#sink.toolCall?.(piece, place);
  }

  restart(): void {
    this.#half = '';
    this.#sink.restart();
  }

  /** The answer is whole: nothing comes any more. */
  end(): void {
    if (this.#half !== '') this.#sink.text(this.#half.toWellFormed(), this.#place);
  }
}
