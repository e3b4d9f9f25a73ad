import type { ChatParams } from '../syscalls/llm-chat.js';
import type { Pid, SyscallId, SyscallState } from '../syscalls/syscall.js';
import type { Spent } from './spent.js';

/** What a call asks for, without what is said in it. */
type Settings = Omit<ChatParams, 'messages' | 'tools' | 'metadata' | 'providerOptions'>;

/** Who asks, as watchers see it: a `Caller`. */
export interface CallerView {
  readonly pid: Pid;
  readonly program: Pid;
  readonly tenant: string;
  readonly principal: string;
}

/** One process as watchers see it. */
export interface AgentView extends CallerView {
  readonly name: string;
  readonly parent: { readonly pid: Pid } | undefined;
}

/**
 * One accepted call as watchers see it: as it is now, the same object in all of its events. A watcher copies what it keeps,
 * since the object holds on to the whole call.
 */
export interface CallView {
  readonly id: SyscallId;
  /** What is fixed when it is accepted. */
  readonly facts: {
    /** Order of acceptance. */
    readonly seq: number;
    readonly caller: CallerView;
    /** Name of the process that made it. */
    readonly agent: string;
    readonly params: Settings;
    readonly inputTokens: number;
    readonly priority: number;
  };
  readonly state: SyscallState;
  /** Times that it was given to a core. A run that resumes a preempted one is no new attempt. */
  readonly attempts: number;
  readonly preemptions: number;
  /** All that it has cost so far, attempts that failed included. */
  readonly spent: Spent;
}
