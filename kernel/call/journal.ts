import type { Budgets } from '../../syscalls/budget.js';
import type { RpcError } from '../../syscalls/errors.js';
import type { ChatParams, ChatReply } from '../../syscalls/llm-chat.js';
import type { CoreId, FinalState, Millis, Pid, SyscallId } from '../../syscalls/syscall.js';
import type { JournalFigures } from '../../syscalls/watch.js';
import type { Left } from '../capacity/capacity.js';
import type { Caller } from '../process/caller.js';

/** An accepted call as plain data: all that another kernel needs to go on with it. */
export interface StoredCall extends Budgets {
  readonly id: SyscallId;
  readonly caller: Caller;
  /** Name of the process, for people. */
  readonly agent: string;
  readonly at: Millis;
  readonly expiresAt: Millis | undefined;
  readonly priority: number;
  /** Cores that the principal may use; undefined: every one. */
  readonly cores: readonly CoreId[] | undefined;
  /** Given by the agent, and the fingerprint of what it asked. */
  readonly key: string | undefined;
  readonly fingerprint: string | undefined;
  readonly task: string | undefined;
  readonly params: ChatParams;
  /** Times that it was given to a core. */
  readonly attempts: number;
  /** The core that it was given to last, where the journal knows it. */
  readonly lastCore?: CoreId | undefined;
}

/** How a call has ended. */
export interface Ended {
  readonly status: FinalState['status'];
  readonly at: Millis;
  readonly core: CoreId | undefined;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly costUsd: number;
  readonly end: ChatReply | RpcError;
  readonly rated: number | undefined;
}

/** What an earlier kernel has left. */
export interface Restored extends Left {
  /** Pids from here on were given to no process before. */
  readonly firstPid: Pid;
  /** In the order in which they were accepted. */
  readonly open: readonly StoredCall[];
  /** Those of them whose last request goes on without a kernel. @default none */
  readonly running?: ReadonlySet<SyscallId>;
}

/** One fact about a call. The facts of a call come in order; the first one is `accepted`. Its end has owner and key again, so that no store looks them up. */
export type JournalEntry = { readonly id: SyscallId; readonly at: Millis } & (
  | { readonly type: 'accepted'; readonly call: StoredCall }
  | { readonly type: 'started'; readonly core: CoreId; readonly attempt: number; readonly tokens: number }
  | ({ readonly type: 'ended'; readonly owner: string; readonly key: string | undefined } & Omit<Ended, 'at' | 'rated'>)
  | { readonly type: 'rated'; readonly quality: number }
);

/** Which call is looked for: by its key among those of its owner, or by its id. */
export type Wanted = { readonly owner: string; readonly key: string } | { readonly id: SyscallId };

/** A call of the journal; without an end it is open. */
export interface Found {
  readonly call: StoredCall;
  readonly ended?: Ended;
}

/** What must survive the kernel's process. */
export interface Journal {
  /**
   * Reads what an earlier kernel has left. Called once, before anything else. Without it nothing is left.
   *
   * @throws SyscallError `invalid-config` where it cannot be read, or another kernel uses it
   */
  restore?(now: Millis): Promise<Restored>;
  /**
   * Writes a fact down. An agent receives `accepted` only after this has settled for its call, and its reply only
   * after it has settled for the end.
   *
   * @returns undefined where there is nothing to wait for. Rejects for a fact that cannot be written, with `NotWritten` where it is
   * sure that it is not: a new call is then refused as `busy`
   */
  append(entry: JournalEntry): Promise<void> | undefined;
  /** Another kernel may take over at any moment: only a start that is written counts, so no core is asked before. @default false */
  readonly isShared?: boolean;
  /**
   * A call by its id, or one that has ended by the key that its owner gave it: open ones are in memory. Without it nothing is known of
   * calls that memory has let go.
   */
  find?(wanted: Wanted): Promise<Found | undefined>;
  /** How it does. Without it nothing is known. */
  figures?(): JournalFigures;
  /**
   * What a policy of this name has learnt in an earlier kernel; undefined: nothing is known. Without it a policy begins anew, or from
   * what it keeps itself.
   */
  learnt?(policy: string): Promise<Uint8Array | undefined>;
  /** Keeps what the policy has learnt, in place of what was kept before. Rejects where it cannot be written. */
  keepLearnt?(policy: string, snapshot: Uint8Array): Promise<void>;
  /** Aborts when another kernel has taken over: this one must end, since it can write no more. Without it none can. */
  readonly lost?: AbortSignal;
  /** Writes what is left. Idempotent. */
  close(): Promise<void>;
}

/** A fact is not written, for sure. With any other error it may be. */
export class NotWritten extends Error {}

/** Remembers nothing: calls end with the process. */
export const nullJournal: Journal = {
  append: () => undefined,
  close: () => Promise.resolve(),
};
