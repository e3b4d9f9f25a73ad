import type { ChatReply } from '../../../syscalls/llm-chat.js';
import type { Millis } from '../../../syscalls/syscall.js';

const FINISH: Readonly<Record<ChatReply['finishReason'], string>> = {
  stop: 'stop',
  length: 'length',
  'tool-calls': 'tool_calls',
  'content-filter': 'content_filter',
  other: 'stop',
};

export function finishReason({ finishReason: reason }: ChatReply): string {
  return FINISH[reason];
}

export function completionId(id: string): string {
  return `chatcmpl-${id}`;
}

export function seconds(at: Millis): number {
  return Math.floor(at / 1000);
}

/** A `chat.completion`: https://platform.openai.com/docs/api-reference/chat/object */
export function chatCompletion(reply: ChatReply): object {
  const { syscallId, text, toolCalls, core, reasoning, reasoningDetails, times } = reply;
  const message = {
    role: 'assistant',
    content: text === '' && toolCalls.length > 0 ? null : text,
    refusal: null,
    ...(toolCalls.length === 0 ? {} : { tool_calls: toolCalls }),
    ...(reasoning === undefined ? {} : { reasoning_content: reasoning }),
    ...(reasoningDetails === undefined ? {} : { reasoning_details: reasoningDetails }),
  };
  return {
    id: completionId(syscallId),
    object: 'chat.completion',
    created: seconds(times.ended),
    model: core,
    choices: [{ index: 0, message, logprobs: logprobsOf(reply), finish_reason: finishReason(reply) }],
    usage: chatUsage(reply),
  };
}

export function logprobsOf({ logprobs }: ChatReply): object | null {
  return logprobs === undefined ? null : { content: logprobs, refusal: null };
}

export function chatUsage({ usage }: ChatReply): object {
  const { inputTokens, outputTokens, cachedInputTokens = 0, reasoningTokens = 0 } = usage;
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
    prompt_tokens_details: { cached_tokens: cachedInputTokens },
    completion_tokens_details: { reasoning_tokens: reasoningTokens },
  };
}
