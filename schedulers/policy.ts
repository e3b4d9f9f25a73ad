import type { Rater } from '../syscalls/control.js';
import type { CoreInfo } from '../syscalls/cores.js';
import type { ChatParams } from '../syscalls/llm-chat.js';
import type { CoreId, Millis, Pid, SyscallId } from '../syscalls/syscall.js';

/** A syscall that has been accepted and not started, or preempted: what a policy may place. Never changes; a new one replaces it. */
export interface PendingCall {
  readonly id: SyscallId;
  /** Order of acceptance: smaller is older. */
  readonly seq: number;
  readonly pid: Pid;
  /** The process that started its process, or the one that started that, up to the first. */
  readonly program: Pid;
  readonly tenant: string;
  readonly acceptedAt: Millis;
  /** When it last became pending: when it was accepted, preempted, or came back after a failure. */
  readonly since: Millis;
  /** When its deadline ends it, if it has one. */
  readonly expiresAt: Millis | undefined;
  /** 0 to 9, higher is more urgent. */
  readonly priority: number;
  /** The kernel's count of the tokens of the messages. */
  readonly inputTokens: number;
  /** Cores that can serve it, in config order; cores that failed it are left out. A suspended call has exactly one. */
  readonly eligible: readonly CoreId[];
  /** The core that it was preempted on, which is the only one that can resume it. */
  readonly pinned: CoreId | undefined;
  /** The core whose queue holds it now; the policy may move it. */
  readonly placed: CoreId | undefined;
  readonly params: ChatParams;
}

/** A core as a policy sees it. */
export interface SchedulableCore extends CoreInfo {
  readonly running: number;
  /** Calls that can start now: the cap less those running, and no more than rate limits and the core's health allow. 0 or more. */
  readonly free: number;
}

/** Everything a decision may rest on: copies, in order of acceptance and of the config. */
export interface SchedulingSnapshot {
  readonly now: Millis;
  readonly pending: readonly PendingCall[];
  readonly cores: readonly SchedulableCore[];
}

/** Run this call on that core. */
export interface Assignment {
  readonly syscallId: SyscallId;
  readonly core: CoreId;
  /** One line on why, shown to the agent. */
  readonly reason: string;
  /**
   * Output tokens that the answer stays below with a probability of 90 %: what the budget and the limits per minute set aside for the call.
   *
   * @default `maxTokens` of the call, else the mean of the core
   */
  readonly outputTokensP90?: number | undefined;
}

/** Do not serve this call. */
export interface Refusal {
  readonly syscallId: SyscallId;
  /** One line on why, shown to the agent. */
  readonly reason: string;
}

/** A syscall that was answered. */
export interface FinishedCall {
  readonly id: SyscallId;
  readonly tenant: string;
  readonly core: CoreId;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly costUsd: number;
  readonly params: ChatParams;
  /** From the start on its core to the first token, and from there to the end; absent if it was empty, preempted or tried twice. */
  readonly times?: { readonly ttftMs: Millis; readonly restMs: Millis };
}

/** What was expected of a call on one core when it was placed. */
export interface CorePrediction {
  readonly core: CoreId;
  /** Probability of a right answer, 0 to 1. */
  readonly quality: number;
  readonly costUsd: number;
  /** Whether this core was chosen. */
  readonly chosen: boolean;
}

/**
 * Decides which core runs which call, and when.
 *
 * `schedule` is a deterministic function of the snapshot and of the policy's own state, which changes only in
 * `prepare`, `schedule`, `release` and `feedback`: no clock, no randomness.
 */
export interface SchedulerPolicy {
  readonly name: string;
  /** A running call is preempted after this long if a call of another agent waits for its core. Cores without `supportsPrefix` are left alone. */
  readonly timeSliceMs?: Millis;
  /** Least time between two decisions, unless 64 calls are new since the last one. @default 0: whenever something happens */
  readonly tickMs?: Millis;
  /**
   * Slow work for calls that have just arrived. The only place that may await; a call is not in a snapshot before its
   * `prepare` has settled. Called once at boot without calls, to read files: what it throws then stops the boot.
   */
  prepare?(arrived: readonly PendingCall[], cores: readonly SchedulableCore[]): Promise<void>;
  /**
   * Those calls that it will not serve, which then fail as `infeasible`: asked when calls have become pending, with
   * these calls only, and before `schedule` sees them. Without it every call is served.
   */
  refuse?(arrived: SchedulingSnapshot): readonly Refusal[];
  /**
   * The whole placement for now, in queue order: a call that is not in it waits, also one that a queue held before.
   * At most `free` calls a core.
   */
  schedule(snapshot: SchedulingSnapshot): readonly Assignment[];
  /**
   * A syscall became final, answered or not: let go of what is held for it. One that ended during its `prepare` is
   * released once more, without an answer, when that has settled.
   */
  release?(id: SyscallId, finished: FinishedCall | undefined): void;
  /** An answer was rated, 0 to 1: once by its agent, then perhaps by a verifier, then perhaps by an operator. @param by @default agent */
  feedback?(call: FinishedCall, quality: number, by?: Rater): void;
  /** Keep what was learnt since the last time. Called within a minute of a rating. */
  save?(): Promise<void>;
  /** What it has learnt, for another kernel that goes on in place of this one: at most 1 MiB, of which its version is part. */
  snapshot?(): Uint8Array;
  /**
   * Takes over what another one of its name has learnt. Called once, after the first `prepare` and before anything is scheduled.
   *
   * @throws for bytes that are damaged or of something else; it is as before then
   */
  restore?(snapshot: Uint8Array): void;
  /** What it aims at and expects, for reports. */
  status?(): PolicyStatus;
  /** Why a call that is pending, running or was answered lately is where it is, as lines; undefined for any other. */
  explain?(id: SyscallId): readonly string[] | undefined;
  /** What was expected of a call that is placed, runs or was answered lately, an entry a core that is known; undefined for any other. */
  predictions?(id: SyscallId): readonly CorePrediction[] | undefined;
  /** The kernel stops: let go of threads and files. Idempotent. */
  close?(): Promise<void>;
}

export interface PolicyStatus {
  /** Mean quality that the stream of calls is to reach; undefined: no such target. */
  readonly alpha: number | undefined;
  /** Mean quality that was predicted for the calls placed so far; undefined: none was. */
  readonly predictedQuality: number | undefined;
  /** Whether its target is out of reach, as far as it can know. @default false */
  readonly outOfReach?: boolean;
  /** Calls placed by a simpler rule than its own, because a tick would have taken too long. @default 0 */
  readonly greedy?: number;
  /** Mean rating of the answers that were rated, 0 to 1; undefined: none was. */
  readonly ratedQuality?: number | undefined;
  /** US dollars that it pays for one call from surely wrong to surely right. */
  readonly priceOfQuality?: number | undefined;
  /** US dollars that a second on each core is worth to calls to come, as of the last decision. */
  readonly secondPrices?: Readonly<Record<CoreId, number>> | undefined;
  /** US dollars that an hour of one usual call's waiting costs. */
  readonly waitPrice?: number | undefined;
  /** One line on what its decisions lack. */
  readonly warning?: string | undefined;
}

/** The members of a policy that the kernel calls. */
export type PolicyHook = {
  [K in keyof SchedulerPolicy]-?: NonNullable<SchedulerPolicy[K]> extends (...args: never) => unknown ? K : never;
}[keyof SchedulerPolicy];

/** Every hook, and whether a policy must have it. */
export const POLICY_HOOKS: Readonly<Record<PolicyHook, 'needed' | 'optional'>> = {
  prepare: 'optional',
  refuse: 'optional',
  schedule: 'needed',
  release: 'optional',
  feedback: 'optional',
  save: 'optional',
  snapshot: 'optional',
  restore: 'optional',
  status: 'optional',
  explain: 'optional',
  predictions: 'optional',
  close: 'optional',
};
