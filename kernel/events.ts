import { EventEmitter } from 'eventemitter3';
import type { FinishedCall, SchedulerPolicy } from '../schedulers/policy.js';
import type { CoreId, FinalState, Millis, Pid, SyscallId } from '../syscalls/syscall.js';

/**
 * What happens in the kernel, for those who watch: logs, recorders, comparisons. Nothing that a reply depends on
 * goes through here: without a single listener every syscall still ends.
 */
export interface KernelEventMap {
  accepted: (event: { readonly syscallId: SyscallId; readonly pid: Pid }) => void;
  /** `running` counts the calls on the core, this one included. */
  started: (event: { readonly syscallId: SyscallId; readonly core: CoreId; readonly running: number }) => void;
  /** The request to the core is closed: its slot is free. */
  closed: (event: { readonly syscallId: SyscallId; readonly core: CoreId; readonly running: number }) => void;
  retried: (event: { readonly syscallId: SyscallId; readonly core: CoreId; readonly code: string }) => void;
  preempted: (event: { readonly syscallId: SyscallId; readonly core: CoreId }) => void;
  final: (event: { readonly syscallId: SyscallId; readonly pid: Pid; readonly state: FinalState }) => void;
  /** An answer was rated, 0 to 1; once for each answer. */
  feedback: (event: { readonly call: FinishedCall; readonly quality: number }) => void;
  tick: (event: {
    readonly at: Millis;
    readonly pending: number;
    readonly placed: number;
    readonly decisionMs: number;
  }) => void;
  /** What the policy does in this hook, the kernel did in its place or left undone. */
  policyThrew: (event: { readonly hook: keyof SchedulerPolicy; readonly error: unknown }) => void;
}

export class KernelEvents extends EventEmitter<KernelEventMap> {}
