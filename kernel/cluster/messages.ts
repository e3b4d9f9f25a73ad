import type { ToolCallDelta } from '../../syscalls/chat-message.js';
import type { CoreId } from '../../syscalls/syscall.js';
import type { JobEnd, JobId, JobProgress } from './job.js';

/** Channel of the node that holds the seat. */
export const TO_SEAT = 'to-seat';
/** Channel of all nodes. */
export const TO_ALL = 'to-all';

/** What workers report to the seat. */
export type ToSeat =
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
  | { readonly type: 'reopen'; readonly core: CoreId };
