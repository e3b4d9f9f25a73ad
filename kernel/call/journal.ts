import type { RpcError } from '../../syscalls/errors.js';
import type { ChatParams, ChatReply } from '../../syscalls/llm-chat.js';
import type { Millis, SyscallId } from '../../syscalls/syscall.js';
import type { Caller } from '../process/caller.js';

/** One fact about a call. The facts of a call come in order; the first one is `accepted`. */
export type JournalEntry = { readonly id: SyscallId; readonly at: Millis } & (
  | { readonly type: 'accepted'; readonly caller: Caller; readonly params: ChatParams }
  | { readonly type: 'ended'; readonly end: ChatReply | RpcError }
  | { readonly type: 'rated'; readonly quality: number }
);

/** What must survive the kernel's process. */
export interface Journal {
  /**
   * Writes a fact down. An agent receives `accepted` only after this has settled for its call, and its reply only
   * after it has settled for the end.
   *
   * @returns undefined where there is nothing to wait for
   * @throws for a fact that cannot be written: the call is then refused as `busy`
   */
  append(entry: JournalEntry): Promise<void> | undefined;
  /** Writes what is left. Idempotent. */
  close(): Promise<void>;
}

/** Remembers nothing: calls end with the process. */
export const nullJournal: Journal = {
  append: () => undefined,
  close: () => Promise.resolve(),
};
