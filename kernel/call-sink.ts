import type { ToolCallDelta } from '../syscalls/chat-message.js';
import type { CoreId, SyscallId } from '../syscalls/syscall.js';

/** Where a piece of text belongs. */
export interface TextPlace {
  /** How many times a core was asked by then: each attempt has a text of its own. */
  readonly attempt: number;
  /** UTF-16 units of the attempt's text before the piece. */
  readonly offset: number;
}

/** The text of an answer so far, which the call holds: who waits for a slow reader keeps an offset, and no copy. */
export interface AnswerText {
  readonly text: string;
}

/**
 * Where the progress of one call goes. The door makes one for each call; a call goes on without one when its
 * connection is gone. The end of a call does not come here: it is the promise of the request.
 */
export interface CallSink {
  /** The call was accepted, and the journal holds it. */
  accepted(id: SyscallId, answer: AnswerText): void;
  /** A core is asked: again after a failure or a preemption. @param reason the policy's one line on why this core */
  started?(core: CoreId, reason: string): void;
  /** The next piece of the answer. Only calls that ask to `stream` get it. */
  text(piece: string, place: TextPlace): void;
  /** The next piece of a tool call, from providers that stream them. Only calls that ask to `stream` get it. */
  toolCall?(piece: ToolCallDelta, place: TextPlace): void;
  /** The answer starts again: all of it so far is void. */
  restart(): void;
}
