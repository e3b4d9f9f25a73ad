import { type ChatMessage, messageText, type ToolCall } from '../../syscalls/chat-message.js';
import type { ChatReply } from '../../syscalls/llm-chat.js';
import { ATTRIBUTE as A } from './names.js';

/** What was asked, in the form of the conventions for generative AI. Media are named, and left out. */
export function askedContent(messages: readonly ChatMessage[]): Readonly<Record<string, string>> {
  return {
    [A.inputMessages]: JSON.stringify(messages.map((message) => ({ role: message.role, parts: partsOf(message) }))),
  };
}

/** What was answered. */
export function answeredContent({ text, toolCalls, finishReason }: ChatReply): Readonly<Record<string, string>> {
  const parts = [...textParts(text), ...toolCalls.map(callPart)];
  return { [A.outputMessages]: JSON.stringify([{ role: 'assistant', parts, finish_reason: finishReason }]) };
}

function partsOf(message: ChatMessage): readonly object[] {
  const text = messageText(message);
  if (message.role === 'tool') return [{ type: 'tool_call_response', id: message.tool_call_id, response: text }];
  const { content } = message;
  const media = Array.isArray(content) ? content.filter(({ type }) => type !== 'text' && type !== 'refusal') : [];
  const calls = message.role === 'assistant' ? (message.tool_calls ?? []) : [];
  return [...textParts(text), ...media.map(({ type }) => ({ type })), ...calls.map(callPart)];
}

function textParts(text: string): readonly object[] {
  return text === '' ? [] : [{ type: 'text', content: text }];
}

function callPart({ id, function: { name, arguments: args } }: ToolCall): object {
  return { type: 'tool_call', id, name, arguments: args };
}
