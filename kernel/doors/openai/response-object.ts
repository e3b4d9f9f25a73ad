import type { ChatReply } from '../../../syscalls/llm-chat.js';
import type { Millis } from '../../../syscalls/syscall.js';
import { isObject, type Json, objectAt } from '../../json.js';
import { seconds } from './chat-answer.js';

/** What a response is about: the same in all events of a stream. */
export interface Label {
  readonly id: string;
  readonly at: Millis;
  readonly core: string;
}

function responseId(id: string): string {
  return `resp_${id}`;
}

/** A `message` item. @param place among the items, which its id holds */
export function messageItem({ id }: Label, place: number, text: string, status: string): object {
  return { id: itemId('msg', id, place), type: 'message', role: 'assistant', status, content: [textPart(text)] };
}

export function callItem(
  { id }: Label,
  place: number,
  call: { readonly id: string; readonly name: string; readonly arguments: string },
  status: string,
): object {
  const { id: call_id, name, arguments: text } = call;
  return { id: itemId('fc', id, place), type: 'function_call', call_id, name, arguments: text, status };
}

export function itemId(kind: 'msg' | 'fc', id: string, place: number): string {
  return `${kind}_${id}_${place}`;
}

export function textPart(text: string): object {
  return { type: 'output_text', text, annotations: [], logprobs: [] };
}

/** The items of a whole answer. */
export function outputOf(reply: ChatReply): readonly object[] {
  const { text, toolCalls } = reply;
  const label = { id: reply.syscallId, at: reply.times.ended, core: reply.core };
  const texts = text === '' && toolCalls.length > 0 ? [] : [messageItem(label, 0, text, 'completed')];
  const calls = toolCalls.map(({ id, function: { name, arguments: written } }, at) =>
    callItem(label, texts.length + at, { id, name, arguments: written }, 'completed'),
  );
  return [...texts, ...calls];
}

/** How a response ended. */
export interface ResponseEnd {
  readonly status: 'in_progress' | 'completed' | 'incomplete' | 'failed';
  readonly incomplete_details: { readonly reason: string } | null;
}

export const IN_PROGRESS: ResponseEnd = { status: 'in_progress', incomplete_details: null };

export function endOf({ finishReason }: ChatReply): ResponseEnd {
  if (finishReason === 'length') return { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } };
  if (finishReason === 'content-filter')
    return { status: 'incomplete', incomplete_details: { reason: 'content_filter' } };
  return { status: 'completed', incomplete_details: null };
}

/** A `response`: https://platform.openai.com/docs/api-reference/responses/object */
export function responseObject(
  { id, at, core }: Label,
  body: Json,
  end: ResponseEnd,
  output: readonly object[],
  more: { readonly usage?: object; readonly error?: object } = {},
): object {
  return {
    id: responseId(id),
    object: 'response',
    created_at: seconds(at),
    ...end,
    error: more.error ?? null,
    instructions: body['instructions'] ?? null,
    max_output_tokens: body['max_output_tokens'] ?? null,
    metadata: body['metadata'] ?? {},
    model: core,
    output,
    parallel_tool_calls: body['parallel_tool_calls'] ?? true,
    previous_response_id: null,
    reasoning: { effort: objectAt(body, 'reasoning')['effort'] ?? null, summary: null },
    store: false,
    temperature: body['temperature'] ?? null,
    text: isObject(body['text']) ? body['text'] : { format: { type: 'text' } },
    tool_choice: body['tool_choice'] ?? 'auto',
    tools: body['tools'] ?? [],
    top_p: body['top_p'] ?? null,
    truncation: 'disabled',
    usage: more.usage ?? null,
  };
}

export function responseUsage({ usage }: ChatReply): object {
  const { inputTokens, outputTokens, cachedInputTokens = 0, reasoningTokens = 0 } = usage;
  return {
    input_tokens: inputTokens,
    input_tokens_details: { cached_tokens: cachedInputTokens },
    output_tokens: outputTokens,
    output_tokens_details: { reasoning_tokens: reasoningTokens },
    total_tokens: inputTokens + outputTokens,
  };
}
