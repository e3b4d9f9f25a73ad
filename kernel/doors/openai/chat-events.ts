import type { SyscallError } from '../../../syscalls/errors.js';
import type { ChatChunk, ChatReply } from '../../../syscalls/llm-chat.js';
import { type Json, objectAt } from '../../json.js';
import type { Events, Turn } from '../http/dialect.js';
import { serverEvent } from '../http/server-events.js';
import { chatUsage, completionId, finishReason, logprobsOf, seconds } from './chat-answer.js';
import { openaiError } from './openai-error.js';

/** The chunks of a streamed completion: https://platform.openai.com/docs/api-reference/chat-streaming */
export class ChatEvents implements Events {
  readonly #wantsUsage: boolean;
  /** Places of tool calls, by id. */
  readonly #places = new Map<string, number>();
  #common: object = {};

  constructor(body: Json) {
    this.#wantsUsage = objectAt(body, 'stream_options')['include_usage'] === true;
  }

  start({ id, at, core }: Turn): string {
    this.#common = { id: completionId(id), object: 'chat.completion.chunk', created: seconds(at), model: core };
    return this.#delta({ role: 'assistant', content: '' });
  }

  chunk({ text, toolCalls = [] }: Pick<ChatChunk, 'text' | 'toolCalls'>): string {
    let events = text === '' ? '' : this.#delta({ content: text });
    for (const { id, name, arguments: piece } of toolCalls) {
      const known = this.#places.get(id);
      const index = known ?? this.#places.size;
      this.#places.set(id, index);
      const head = known === undefined ? { index, id, type: 'function' } : { index };
      const fn = known === undefined ? { name, arguments: piece } : { arguments: piece };
      events += this.#delta({ tool_calls: [{ ...head, function: fn }] });
    }
    return events;
  }

  end(reply: ChatReply): string {
    const choice = { index: 0, delta: {}, logprobs: logprobsOf(reply), finish_reason: finishReason(reply) };
    const last = serverEvent({ ...this.#common, choices: [choice] });
    const usage = this.#wantsUsage ? serverEvent({ ...this.#common, choices: [], usage: chatUsage(reply) }) : '';
    return `${last}${usage}data: [DONE]\n\n`;
  }

  /** Without the end mark: SDKs throw the error. */
  failure(error: SyscallError): string {
    return serverEvent({ error: openaiError(error) });
  }

  #delta(delta: object): string {
    return serverEvent({ ...this.#common, choices: [{ index: 0, delta, logprobs: null, finish_reason: null }] });
  }
}
