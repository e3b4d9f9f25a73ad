import { type ErrorCode, type ErrorDetails, SyscallError } from '../../syscalls/errors.js';
import type { CoreId, Millis, SyscallId } from '../../syscalls/syscall.js';
import {
  type Bill,
  CoreError,
  type CoreHealth,
  type CoreRequest,
  type CoreResult,
  type Learnt,
} from '../cores/core.js';

/** Names one request to a core among all of the cluster. */
export type JobId = string;

/** A request to a core as plain data. */
export type JobRequest = CoreRequest & { readonly id: SyscallId; readonly attempt: number };

/** An error as plain data: all that is read of it where the request came from. */
export interface JobFault {
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryAfterMs?: number | undefined;
  readonly details: ErrorDetails;
  /** Of a `CoreError`. */
  readonly learnt?: Learnt;
  /** Of an error that is not the kernel's own: what kind it is, since its message may repeat a prompt. */
  readonly cause?: string;
}

/** Health of a worker's core: moments are those of no clock. */
export interface JobHealth {
  /** Absent: as many as there are. */
  readonly slots?: number;
  readonly retryInMs?: Millis;
  readonly misconfigured?: string;
}

/** What has become of a request. */
export type JobOutcome =
  | { readonly type: 'answered'; readonly result: CoreResult }
  | { readonly type: 'failed'; readonly fault: JobFault }
  /** Nobody has it any more: the node that had it is gone, or has given it back. */
  | { readonly type: 'lost' };

/** What a worker has read of an answer so far. */
export interface JobProgress {
  /** Output tokens, all of them. */
  readonly tokens: number;
  readonly bill?: Bill;
}

/** How a request has ended, with the whole text that it has brought. */
export interface JobEnd extends JobProgress {
  readonly text: string;
  readonly outcome: JobOutcome;
  readonly health: JobHealth;
}

/** A request that goes on from a preempted one has the attempt of that. */
export function jobId({ id, attempt, prefix }: Pick<JobRequest, 'id' | 'attempt' | 'prefix'>): JobId {
  return prefix === '' ? `${id}.${attempt}` : `${id}.${attempt}.${prefix.length}`;
}

export function faultOf(thrown: unknown): JobFault {
  const error = SyscallError.from(thrown, 'core-failed');
  const { code, message, retryAfterMs, details, cause } = error;
  return {
    ...{ code, message, retryAfterMs, details },
    ...(error instanceof CoreError ? { learnt: error.learnt } : {}),
    ...(cause instanceof Error ? { cause: cause.name } : {}),
  };
}

export function errorOf({ code, message, retryAfterMs, details, learnt, cause }: JobFault): SyscallError {
  const { class: faultClass = 'provider', status } = details;
  if (learnt !== undefined && isCoreCode(code)) {
    return new CoreError(code, message, { class: faultClass, status, retryAfterMs, learnt });
  }
  const named = cause === undefined ? undefined : Object.assign(new Error(message), { name: cause });
  return new SyscallError(code, message, { retryAfterMs, details, cause: named });
}

export function jobHealth(health: CoreHealth | undefined, now: Millis): JobHealth {
  if (health === undefined) return {};
  const { slots, retryAt, misconfigured } = health;
  return {
    ...(Number.isFinite(slots) ? { slots } : {}),
    ...(retryAt === undefined ? {} : { retryInMs: Math.max(0, retryAt - now) }),
    ...(misconfigured === undefined ? {} : { misconfigured }),
  };
}

function isCoreCode(code: ErrorCode): code is CoreError['code'] & ('core-failed' | 'core-rejected' | 'invalid-output') {
  return code === 'core-failed' || code === 'core-rejected' || code === 'invalid-output';
}

/** The queue of a core. */
export function queueName(core: CoreId): string {
  return `core-${encodeURIComponent(core)}`;
}
