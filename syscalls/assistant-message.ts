import type { ChatMessage } from './chat-message.js';
import type { ChatReply } from './llm-chat.js';

/** An answer as a message of the history: what its provider wants back is in it. */
export function assistantMessage(
  reply: Pick<ChatReply, 'text' | 'toolCalls' | 'reasoning' | 'reasoningDetails'>,
): ChatMessage {
  const { text, toolCalls, reasoning, reasoningDetails } = reply;
  return {
    role: 'assistant',
    content: text === '' && toolCalls.length > 0 ? null : text,
    ...(toolCalls.length === 0 ? {} : { tool_calls: toolCalls }),
    ...(reasoning === undefined ? {} : { reasoning_content: reasoning }),
    ...(reasoningDetails === undefined ? {} : { reasoning_details: reasoningDetails }),
  };
}
