import type { ErrorCode } from '../../../syscalls/errors.js';
import type { ChatReply } from '../../../syscalls/llm-chat.js';
import type { CoreId, Millis } from '../../../syscalls/syscall.js';
import type { PlannedCall } from '../load/load.js';
import type { PlayedCall } from '../load/play.js';

/** Scores an answer, 0 to 1, by what is known of that prompt on that core. It looks at no text and at nothing that a policy says. */
export type Rate = (call: PlannedCall, reply: ChatReply) => number;

/** How a call ended, seen by its agent. `rejected`: the kernel or its policy refused it. */
export type CallEnd = 'done' | 'failed' | 'expired' | 'cancelled' | 'rejected';

/** One call of a trial, when all is known about it. */
export interface CallRecord {
  readonly agent: number;
  /** Place of its run in the load. */
  readonly run: number;
  readonly promptId: string;
  readonly prompt: string;
  readonly end: CallEnd;
  /** 0 to 1 as rated afterwards; 0 for a call without an answer. */
  readonly score: number;
  /** US dollars of the answer; 0 for a call without one. */
  readonly costUsd: number;
  readonly sentAt: Millis;
  readonly endedAt: Millis;
  /** What only an answered call has. */
  readonly answer: AnswerFacts | undefined;
}

export interface AnswerFacts {
  readonly core: CoreId;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly reprefillTokens: number;
  /** The kernel's times. */
  readonly accepted: Millis;
  readonly started: Millis;
  readonly firstToken: Millis | undefined;
  readonly ended: Millis;
  /** Time on the core, without suspensions. */
  readonly serviceMs: Millis;
}

const REJECTIONS: ReadonlySet<ErrorCode> = new Set([
  'busy',
  'rate-limited',
  'draining',
  'no-eligible-core',
  'infeasible',
  'invalid-params',
  'budget-exhausted',
]);

/** @param serviceMs time that the call was on a core; undefined: from its first start to its end */
export function recordOf(
  played: PlayedCall,
  run: number,
  rate: Rate,
  serviceMs: (syscallId: string) => Millis | undefined,
): CallRecord {
  const { call, reply, error, sentAt, endedAt } = played;
  const common = { agent: played.run.agent, run, promptId: call.promptId, prompt: call.prompt, sentAt, endedAt };
  if (reply === undefined) {
    return { end: endOf(error?.code ?? 'internal'), score: 0, costUsd: 0, answer: undefined, ...common };
  }
  const { accepted, started, firstToken, ended } = reply.times;
  // Spreads come last: V8 copies them many times as fast so.
  return {
    end: 'done',
    score: rate(call, reply),
    costUsd: reply.costUsd,
    answer: {
      core: reply.core,
      accepted,
      started,
      firstToken,
      ended,
      serviceMs: serviceMs(reply.syscallId) ?? ended - started,
      ...reply.usage,
    },
    ...common,
  };
}

function endOf(code: ErrorCode): CallEnd {
  if (code === 'expired' || code === 'cancelled') return code;
  return REJECTIONS.has(code) ? 'rejected' : 'failed';
}
