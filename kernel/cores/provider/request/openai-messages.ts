import type { ChatMessage, ReasoningDetail } from '../../../../syscalls/chat-message.js';

/** The formats of thoughts that the kernel has written for providers of another form. */
const FOREIGN = new Set<unknown>(['anthropic', 'google']);

/**
 * A conversation for a provider of OpenAI's form: it goes as it came. OpenAI itself refuses members that it does not know;
 * other servers do not know `developer`, which is the same as `system`.
 */
export function openaiMessages(
  messages: readonly ChatMessage[],
  provider: 'openai' | 'openai-compatible',
): readonly object[] {
  return messages.map((message) => (provider === 'openai' ? plain(message) : compatible(message)));
}

function compatible(message: ChatMessage): object {
  if (message.role === 'developer') return { ...message, role: 'system' };
  if (message.role !== 'assistant') return message;
  const { reasoning_details, annotations: _annotations, tool_calls, ...rest } = message;
  const details = reasoning_details?.filter(({ format }: ReasoningDetail) => !FOREIGN.has(format)) ?? [];
  return {
    ...rest,
    content: rest.content ?? null,
    ...(tool_calls === undefined || tool_calls.length === 0
      ? {}
      : { tool_calls: tool_calls.map(({ index: _index, ...call }) => call) }),
    ...(details.length === 0 ? {} : { reasoning_details: details }),
  };
}

/** Without what OpenAI's own API does not know. */
function plain(message: ChatMessage): object {
  const { cache_control: _mark, ...rest } = message;
  if (rest.role === 'assistant') {
    const { reasoning_content: _text, reasoning_details: _details, annotations: _annotations, ...known } = rest;
    const { tool_calls: calls, ...said } = known;
    const content = said.content ?? null;
    if (calls === undefined || calls.length === 0) return { ...said, content };
    return { ...said, content, tool_calls: calls.map(({ extra_content: _extra, index: _index, ...call }) => call) };
  }
  if (typeof rest.content === 'string') return rest;
  const parts = rest.content.map(({ cache_control: _partMark, ...part }) => part);
  return { ...rest, content: parts };
}
