import type { ChatMessage, ReasoningDetail, ToolCall } from '../../../../syscalls/chat-message.js';

/** The formats of thoughts that the kernel has written for providers of another form. */
const FOREIGN = new Set<unknown>(['anthropic', 'google']);

/**
 * A conversation for a provider of OpenAI's form: it goes as it came. OpenAI itself refuses members that it does not know;
 * other servers do not know `developer`, which is the same as `system`.
 */
export function openaiMessages(
  messages: readonly ChatMessage[],
  provider: 'openai' | 'openai-compatible',
  { thoughtMember }: ServerHabits,
): readonly object[] {
  return messages.map((message) => (provider === 'openai' ? plain(message) : compatible(message, thoughtMember)));
}

/** What a server of OpenAI's form has shown of its own form. */
export interface ServerHabits {
  /** Where its answers have their thoughts, and where it takes them back. */
  thoughtMember: string;
  /** The member for the most output tokens; undefined: the SDK's. */
  maxTokensMember: string | undefined;
}

function compatible(message: ChatMessage, thoughtMember: string): object {
  if (message.role === 'developer') return { ...message, role: 'system' };
  if (message.role !== 'assistant') return message;
  const { reasoning_details, reasoning_content: thought, annotations: _annotations, tool_calls, ...rest } = message;
  const known = reasoning_details?.filter(({ format }: ReasoningDetail) => !FOREIGN.has(format)) ?? [];
  const details = known.filter(({ format }) => format !== 'thinking_blocks');
  const blocks = known
    .filter(({ format }) => format === 'thinking_blocks')
    .map(({ format: _format, ...block }) => block);
  return {
    ...rest,
    content: rest.content ?? null,
    ...(tool_calls === undefined || tool_calls.length === 0 ? {} : { tool_calls: tool_calls.map(callOf) }),
    ...(thought === undefined || thought === null ? {} : { [thoughtMember]: thought }),
    ...(details.length === 0 ? {} : { reasoning_details: details }),
    ...(blocks.length === 0 ? {} : { thinking_blocks: blocks }),
  };
}

/** A call as its server sent it. */
function callOf({ index: _index, extra_content: extra, ...call }: ToolCall): object {
  if (extra === undefined) return call;
  return { ...call, ...('provider_specific_fields' in extra ? extra : { extra_content: extra }) };
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
