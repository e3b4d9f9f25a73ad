import type { ChatReply } from '../../../syscalls/llm-chat.js';

const STOP: Readonly<Record<ChatReply['finishReason'], string>> = {
  stop: 'end_turn',
  length: 'max_tokens',
  'tool-calls': 'tool_use',
  'content-filter': 'refusal',
  other: 'end_turn',
};

export function stopReason({ finishReason }: ChatReply): string {
  return STOP[finishReason];
}

export function messageId(id: string): string {
  return `msg_${id}`;
}

/** A whole `message`. */
export function messageOf(reply: ChatReply): object {
  const { syscallId, text, toolCalls, core } = reply;
  const calls = toolCalls.map(({ id, function: { name, arguments: written } }) => ({
    type: 'tool_use',
    id,
    name,
    input: inputOf(written),
  }));
  return {
    id: messageId(syscallId),
    type: 'message',
    role: 'assistant',
    model: core,
    content: [...(text === '' && calls.length > 0 ? [] : [{ type: 'text', text }]), ...calls],
    stop_reason: stopReason(reply),
    stop_sequence: null,
    usage: messageUsage(reply),
  };
}

/** Arguments as a value: an object, whatever the model wrote. */
function inputOf(written: string): unknown {
  try {
    const value: unknown = JSON.parse(written === '' ? '{}' : written);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch {
    // Goes out as it is, below.
  }
  return { arguments: written };
}

/** Here the input does not hold what came from the cache, or went to it. */
export function messageUsage({ usage }: ChatReply): object {
  const { inputTokens, outputTokens, cachedInputTokens = 0, cacheWriteTokens = 0 } = usage;
  return {
    input_tokens: Math.max(0, inputTokens - cachedInputTokens - cacheWriteTokens),
    cache_read_input_tokens: cachedInputTokens,
    cache_creation_input_tokens: cacheWriteTokens,
    output_tokens: outputTokens,
  };
}
