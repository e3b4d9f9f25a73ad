import type { ChatReply } from '../../syscalls/llm-chat.js';
import type { CoreId, Millis } from '../../syscalls/syscall.js';
import type { Call } from '../call/call.js';
import type { CoreResult } from '../cores/core.js';

/** What an agent gets for a call that a core has answered. */
export function replyOf(call: Call, core: CoreId, result: CoreResult, at: Millis): ChatReply {
  const { state, preemptions, spent } = call;
  const { costUsd, providerCostUsd, ...tokens } = spent;
  const { accepted, scheduled = at, started = at, firstToken } = state.times;
  const {
    usage: _usage,
    costUsd: _costUsd,
    providerCostUsd: _reported,
    isEstimated,
    isWhole: _whole,
    ...answer
  } = result;
  return {
    syscallId: call.id,
    text: call.text,
    ...answer,
    usage: { ...tokens, ...(preemptions > 0 || call.failures > 0 || isEstimated ? { estimated: true } : {}) },
    costUsd,
    ...(providerCostUsd === undefined ? {} : { providerCostUsd }),
    core,
    reason: reasonOf(call),
    attempts: call.attempts,
    preemptions,
    times: { accepted, scheduled, started, ...(firstToken === undefined ? {} : { firstToken }), ended: at },
  };
}

/** The policy's line on why the call is where it is. */
export function reasonOf({ state }: Call): string {
  return 'reason' in state ? state.reason : '';
}
