import type { ToolCallDelta } from '../../syscalls/chat-message.js';
import type { RpcError } from '../../syscalls/errors.js';
import type { HelloReply } from '../../syscalls/hello.js';
import type { CoreId, Pid, SyscallId } from '../../syscalls/syscall.js';
import type { Caller } from '../process/caller.js';
import type { Principal } from '../process/principal.js';
import type { EndReason } from '../process/process-table.js';
import type { JobEnd, JobId, JobProgress } from './job.js';

/** Channel of the node that holds the seat. */
export const TO_SEAT = 'to-seat';
/** Channel of all nodes. */
export const TO_ALL = 'to-all';
/** Channel of one node. */
export const toNode = (name: string) => `to:${name}`;

/** Time between two messages of those who have nothing to say, by which lost ones are noticed. */
export const BEAT_MS = 1000;

/** What workers report to the seat. */
export type FromWorker =
  | ({
      readonly type: 'progress';
      readonly job: JobId;
      readonly core: CoreId;
      /** The first text, once. */
      readonly text?: string;
      readonly toolCall?: ToolCallDelta;
    } & JobProgress)
  | { readonly type: 'ended'; readonly job: JobId; readonly core: CoreId; readonly end: JobEnd };

/** What the seat has to say to all nodes. */
export type ToAll =
  /** Nobody wants this answer any more. */
  | { readonly type: 'abort'; readonly core: CoreId; readonly job: JobId }
  /** A core that was closed may be tried at once. */
  | { readonly type: 'reopen'; readonly core: CoreId }
  /** Who holds the seat, once a second. */
  | { readonly type: 'seat'; readonly node: string; readonly epoch: number }
  /** Nobody holds it. */
  | { readonly type: 'free' };

/** A token's scope as plain data; undefined: everybody is the operator. */
export type Scope = Omit<Principal, 'maxPending' | 'budgetUsd'> & {
  readonly maxPending: number | null;
  readonly budgetUsd: number | null;
};

/** A process of a door. */
export interface Seated {
  readonly caller: Caller;
  readonly scope: Scope | undefined;
  readonly hello: unknown;
}

/** Names a request of a door; a repeat after a change of the seat has the same name. */
export type RequestName = number;

/** What a door asks of the seat. */
export type Asked =
  /** A new session, with all processes that the door has: what is asked below belongs to it. */
  | { readonly kind: 'begin'; readonly processes: readonly Seated[] }
  | { readonly kind: 'beat'; readonly connections: number }
  | { readonly kind: 'enter'; readonly name: RequestName; readonly scope: Scope | undefined; readonly hello: unknown }
  | { readonly kind: 'leave'; readonly pid: Pid; readonly open: 'cancel' | 'lose' | 'keep' }
  | {
      readonly kind: 'call';
      readonly name: RequestName;
      readonly pid: Pid;
      readonly method: string;
      readonly params: unknown;
      /** The key is the door's own: the call goes with its request. */
      readonly cancels: boolean;
    }
  | { readonly kind: 'abort'; readonly name: RequestName }
  | { readonly kind: 'snapshot'; readonly name: RequestName; readonly scope: Scope | undefined };

/** What the seat answers. */
export type Answered =
  | { readonly kind: 'beat' }
  /** The session is not known, or messages of it were lost: it must begin again. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'entered'; readonly name: RequestName; readonly caller: Caller; readonly reply: HelloReply }
  | { readonly kind: 'ended'; readonly pid: Pid; readonly reason: EndReason }
  | { readonly kind: 'accepted'; readonly name: RequestName; readonly id: SyscallId }
  | { readonly kind: 'started'; readonly name: RequestName; readonly core: CoreId; readonly reason: string }
  | { readonly kind: 'result'; readonly name: RequestName; readonly result: unknown }
  | { readonly kind: 'error'; readonly name: RequestName; readonly error: RpcError }
  | { readonly kind: 'view'; readonly pid: Pid; readonly json: string };

/** Messages of a session are numbered from 0: one that is lost is noticed by the next. */
export interface Numbered {
  readonly session: number;
  readonly seq: number;
}
export type FromDoor = { readonly type: 'door'; readonly door: string } & Numbered & Asked;
export type FromSeat = Numbered & Answered;

export type ToSeat = FromWorker | FromDoor;
