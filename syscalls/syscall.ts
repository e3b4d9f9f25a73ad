import type { SyscallError } from './errors.js';
import type { ChatReply } from './llm-chat.js';

/** Identity of one syscall, unique over the life of a kernel. */
export type SyscallId = string;
/** Identity of one process: one connected agent. */
export type Pid = number;
/** Name of an LLM core in the config. */
export type CoreId = string;
/** Milliseconds on the kernel's clock: since the epoch in real time, since the start in virtual time. */
export type Millis = number;

/**
 * When each thing first happened. A time is set once and never reset, so a preempted or retried call keeps
 * the moment it first started and its waiting time cannot be flattered.
 */
export interface SyscallTimes {
  readonly accepted: Millis;
  readonly scheduled?: Millis;
  readonly started?: Millis;
  readonly firstToken?: Millis;
  readonly ended?: Millis;
}

/** Where a scheduled or running syscall is, and the policy's one line on why. */
interface Placement {
  readonly core: CoreId;
  readonly reason: string;
}

/** Every state of a syscall. `waiting`, `scheduled` and `suspended` are pending; the last four are final. */
export type SyscallState =
  | { readonly status: 'waiting'; readonly times: SyscallTimes }
  | ({ readonly status: 'scheduled'; readonly times: SyscallTimes } & Placement)
  | ({ readonly status: 'running'; readonly times: SyscallTimes } & Placement)
  | ({ readonly status: 'suspended'; readonly times: SyscallTimes } & Placement)
  | FinalState;

export type FinalState =
  | { readonly status: 'done'; readonly times: SyscallTimes; readonly reply: ChatReply }
  | { readonly status: 'failed'; readonly times: SyscallTimes; readonly error: SyscallError }
  | { readonly status: 'cancelled'; readonly times: SyscallTimes; readonly error: SyscallError }
  | { readonly status: 'expired'; readonly times: SyscallTimes; readonly error: SyscallError };

export type SyscallStatus = SyscallState['status'];

/** What can happen to a syscall. `at` is the moment on the kernel's clock. */
export type SyscallEvent =
  | { readonly type: 'schedule'; readonly at: Millis; readonly core: CoreId; readonly reason: string }
  | { readonly type: 'withdraw' }
  | { readonly type: 'start'; readonly at: Millis }
  | { readonly type: 'first-token'; readonly at: Millis }
  | { readonly type: 'suspend' }
  | { readonly type: 'retry' }
  | { readonly type: 'complete'; readonly at: Millis; readonly reply: ChatReply }
  | { readonly type: 'fail'; readonly at: Millis; readonly error: SyscallError }
  | { readonly type: 'cancel'; readonly at: Millis; readonly error: SyscallError }
  | { readonly type: 'expire'; readonly at: Millis; readonly error: SyscallError };

/** The events each state takes. A pending call can fail: its last eligible core may be gone. */
const ACCEPTS: Record<SyscallStatus, ReadonlySet<SyscallEvent['type']>> = {
  waiting: new Set(['schedule', 'fail', 'cancel', 'expire']),
  scheduled: new Set(['schedule', 'withdraw', 'start', 'fail', 'cancel', 'expire']),
  running: new Set(['first-token', 'suspend', 'retry', 'complete', 'fail', 'cancel', 'expire']),
  suspended: new Set(['schedule', 'fail', 'cancel', 'expire']),
  done: new Set(),
  failed: new Set(),
  cancelled: new Set(),
  expired: new Set(),
};

export function accepted(at: Millis): SyscallState {
  return { status: 'waiting', times: { accepted: at } };
}

export function isFinal(state: SyscallState): state is FinalState {
  return ACCEPTS[state.status].size === 0;
}

/**
 * The only way from one state to the next.
 *
 * @throws RangeError for an event that the state does not take: a bug in the kernel, never bad input.
 */
export function transition(state: SyscallState, event: SyscallEvent): SyscallState {
  if (!ACCEPTS[state.status].has(event.type)) {
    throw new RangeError(`A syscall that is ${state.status} takes no ${event.type}`);
  }
  const { times } = state;
  switch (event.type) {
    case 'schedule': {
      const { core, reason, at } = event;
      return { status: 'scheduled', core, reason, times: first(times, 'scheduled', at) };
    }
    case 'withdraw':
    case 'retry':
      return { status: 'waiting', times };
    case 'start':
      return { status: 'running', ...placement(state), times: first(times, 'started', event.at) };
    case 'first-token':
      return { status: 'running', ...placement(state), times: first(times, 'firstToken', event.at) };
    case 'suspend':
      return { status: 'suspended', ...placement(state), times };
    case 'complete':
      return { status: 'done', reply: event.reply, times: first(times, 'ended', event.at) };
    case 'fail':
      return { status: 'failed', error: event.error, times: first(times, 'ended', event.at) };
    case 'cancel':
      return { status: 'cancelled', error: event.error, times: first(times, 'ended', event.at) };
    case 'expire':
      return { status: 'expired', error: event.error, times: first(times, 'ended', event.at) };
  }
}

function first(times: SyscallTimes, key: keyof SyscallTimes, at: Millis): SyscallTimes {
  return times[key] === undefined ? { ...times, [key]: at } : times;
}

function placement(state: SyscallState): Placement {
  if (!('core' in state)) throw new RangeError(`A syscall that is ${state.status} has no core`);
  return { core: state.core, reason: state.reason };
}
