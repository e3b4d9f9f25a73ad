import type { Budgets } from '../../syscalls/budget.js';
import type { ChatParams } from '../../syscalls/llm-chat.js';
import type { CoreId, SyscallId } from '../../syscalls/syscall.js';
import type { Caller } from '../process/caller.js';

/** What is fixed when a call is accepted: plain data. */
export interface CallFacts extends Budgets {
  readonly id: SyscallId;
  /** Order of acceptance. */
  readonly seq: number;
  readonly caller: Caller;
  /** Name of the process, for people. */
  readonly agent: string;
  readonly params: ChatParams;
  readonly inputTokens: number;
  /** Characters that the call keeps in memory. */
  readonly size: number;
  readonly priority: number;
  /** Cores that the principal may use; undefined: every one. */
  readonly allowed: readonly CoreId[] | undefined;
  /** Of what it asks, where it has a key. */
  readonly fingerprint?: string | undefined;
  /** Times that it was given to a core by a kernel that is gone. @default 0 */
  readonly earlierAttempts?: number;
  /** Cores that can serve it, in config order; at least one. */
  readonly eligible: readonly CoreId[];
}
