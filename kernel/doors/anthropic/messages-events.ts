import type { SyscallError } from '../../../syscalls/errors.js';
import type { ChatChunk, ChatReply } from '../../../syscalls/llm-chat.js';
import type { Events, Turn } from '../http/dialect.js';
import { serverEvent } from '../http/server-events.js';
import { messageId, messageUsage, stopReason } from './message-answer.js';
import { anthropicError } from './messages-error.js';

const TEXT = Symbol('text');

/** The events of a streamed message: https://docs.claude.com/en/docs/build-with-claude/streaming */
export class MessagesEvents implements Events {
  /** Of each block that was started, in order, what it is: text, or the id of a call. */
  readonly #blocks: (string | typeof TEXT)[] = [];
  readonly #stopped = new Set<number>();

  start({ id, core, inputTokens }: Turn): string {
    const message = {
      id: messageId(id),
      type: 'message',
      role: 'assistant',
      model: core,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: { input_tokens: inputTokens(), output_tokens: 0 },
    };
    return event('message_start', { message });
  }

  chunk({ text, toolCalls = [] }: Pick<ChatChunk, 'text' | 'toolCalls'>): string {
    let events = text === '' ? '' : this.#text(text);
    for (const { id, name, arguments: piece } of toolCalls) {
      const known = this.#blocks.indexOf(id);
      if (known === -1) {
        // Pieces of calls may come in turns: only text is known to be over.
        events += this.#stopText() + this.#start(id, { type: 'tool_use', id, name, input: {} });
      }
      const index = known === -1 ? this.#blocks.length - 1 : known;
      const delta = { type: 'input_json_delta', partial_json: piece };
      events += event('content_block_delta', { index, delta });
    }
    return events;
  }

  end(reply: ChatReply): string {
    const empty = this.#blocks.length === 0 ? this.#text('') : '';
    const stops = this.#blocks.map((_, index) => this.#stop(index)).join('');
    const delta = { stop_reason: stopReason(reply), stop_sequence: null };
    return empty + stops + event('message_delta', { delta, usage: messageUsage(reply) }) + event('message_stop', {});
  }

  failure(error: SyscallError, requestId: string): string {
    return serverEvent(anthropicError(error, requestId), 'error');
  }

  #text(text: string): string {
    const isOpen = this.#blocks.at(-1) === TEXT;
    const start = isOpen ? '' : this.#start(TEXT, { type: 'text', text: '' });
    if (text === '') return start;
    const delta = { type: 'text_delta', text };
    return start + event('content_block_delta', { index: this.#blocks.length - 1, delta });
  }

  #stopText(): string {
    return this.#blocks.at(-1) === TEXT ? this.#stop(this.#blocks.length - 1) : '';
  }

  #start(what: string | typeof TEXT, block: object): string {
    const index = this.#blocks.push(what) - 1;
    return event('content_block_start', { index, content_block: block });
  }

  #stop(index: number): string {
    if (this.#stopped.has(index)) return '';
    this.#stopped.add(index);
    return event('content_block_stop', { index });
  }
}

function event(type: string, members: object): string {
  return serverEvent({ type, ...members }, type);
}
