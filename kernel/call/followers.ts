import type { ToolCallDelta } from '../../syscalls/chat-message.js';
import type { SyscallError } from '../../syscalls/errors.js';
import type { ChatParams, ChatReply } from '../../syscalls/llm-chat.js';
import type { CoreId, Pid, SyscallId } from '../../syscalls/syscall.js';
import type { AnswerText, CallSink, TextPlace } from '../call-sink.js';

/** What a request gets in the end. */
export type Outcome = ChatReply | SyscallError;

/** One request that waits for a call. */
export interface Follower {
  readonly pid: Pid;
  readonly sink: CallSink | undefined;
  /** Whether it wants the text as it comes. */
  readonly streams: boolean;
  /** It came after pieces of tool calls may have gone: it gets those of its reply instead. */
  isLate: boolean;
  /** The call has ended, or the request waits no longer. */
  readonly answer: (outcome: Outcome) => void;
}

/** Hands on to all that follow a call. */
export class Followers implements CallSink {
  readonly #followers: ReadonlySet<Follower>;

  constructor(followers: ReadonlySet<Follower>) {
    this.#followers = followers;
  }

  accepted(id: SyscallId, answer: AnswerText): void {
    for (const { sink } of this.#followers) sink?.accepted(id, answer);
  }

  text(piece: string, place: TextPlace): void {
    for (const { sink, streams } of this.#followers) if (streams) sink?.text(piece, place);
  }

  started(core: CoreId, reason: string): void {
    for (const { sink } of this.#followers) sink?.started?.(core, reason);
  }

  toolCall(piece: ToolCallDelta, place: TextPlace): void {
    for (const { sink, streams, isLate } of this.#followers) if (streams && !isLate) sink?.toolCall?.(piece, place);
  }

  restart(): void {
    for (const follower of this.#followers) {
      follower.isLate = false;
      follower.sink?.restart();
    }
  }
}

/** Sends what somebody who has the text up to a place does not have yet. */
export function resume(sink: CallSink | undefined, from: ChatParams['from'], attempt: number, text: string): void {
  const offset = from?.attempt === attempt && from.offset <= text.length ? from.offset : 0;
  if (offset < text.length) sink?.text(text.slice(offset), { attempt, offset });
}
