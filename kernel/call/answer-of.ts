import type { FinishedCall } from '../../schedulers/policy.js';
import type { ChatReply } from '../../syscalls/llm-chat.js';
import type { Call } from './call.js';
import type { Ended, StoredCall } from './journal.js';

/** What can be learnt from an answer that the journal holds; undefined for a call that was not answered, or whose prompt is not kept. */
export function answerOf({ id, caller, params }: StoredCall, { end }: Ended): FinishedCall | undefined {
  if (!('text' in end) || params.messages === undefined) return undefined;
  const { core, usage, costUsd } = end;
  const { inputTokens, outputTokens } = usage;
  return { id, tenant: caller.tenant, core, inputTokens, outputTokens, costUsd, params, ...timesOf(end) };
}

/** What can be learnt from an answer: attempts that failed before it are left out. */
export function finishedCall(call: Call, reply: ChatReply): FinishedCall {
  const { caller, params } = call.facts;
  const { inputTokens, outputTokens, costUsd } = call.answered;
  return {
    id: call.id,
    tenant: caller.tenant,
    core: reply.core,
    inputTokens,
    outputTokens,
    costUsd,
    params,
    ...timesOf(reply),
  };
}

/** How long the core took, where the times are those of one request. */
function timesOf({ times, attempts, preemptions }: ChatReply): Pick<FinishedCall, 'times'> {
  const { started, firstToken, ended } = times;
  if (firstToken === undefined || attempts > 1 || preemptions > 0) return {};
  return { times: { ttftMs: firstToken - started, restMs: ended - firstToken } };
}
