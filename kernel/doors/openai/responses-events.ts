import type { SyscallError } from '../../../syscalls/errors.js';
import type { ChatChunk, ChatReply } from '../../../syscalls/llm-chat.js';
import type { Json } from '../../json.js';
import type { Events, Turn } from '../http/dialect.js';
import { serverEvent } from '../http/server-events.js';
import { openaiError } from './openai-error.js';
import {
  callItem,
  endOf,
  IN_PROGRESS,
  itemId,
  type Label,
  messageItem,
  responseObject,
  responseUsage,
  textPart,
} from './response-object.js';

/** An item while it is written. A call of a tool has an id and a name. */
interface Item {
  readonly place: number;
  readonly call?: { readonly id: string; readonly name: string };
  text: string;
}

/** The events of a streamed response: https://platform.openai.com/docs/api-reference/responses-streaming */
export class ResponsesEvents implements Events {
  readonly #body: Json;
  readonly #items: Item[] = [];
  readonly #done: object[] = [];
  #label: Label = { id: '', at: 0, core: '' };
  #sequence = 0;

  constructor(body: Json) {
    this.#body = body;
  }

  start({ id, at, core }: Turn): string {
    this.#label = { id, at, core };
    const response = responseObject(this.#label, this.#body, IN_PROGRESS, []);
    return this.#event('response.created', { response }) + this.#event('response.in_progress', { response });
  }

  chunk({ text, toolCalls = [] }: Pick<ChatChunk, 'text' | 'toolCalls'>): string {
    let events = text === '' ? '' : this.#text(text);
    for (const { id, name, arguments: delta } of toolCalls) {
      const known = this.#items.find(({ call }) => call?.id === id);
      const item = known ?? { place: this.#items.length, call: { id, name }, text: '' };
      if (known === undefined) {
        this.#items.push(item);
        events += this.#added(item, callItem(this.#label, item.place, { id, name, arguments: '' }, 'in_progress'));
      }
      item.text += delta;
      const at = { item_id: itemId('fc', this.#label.id, item.place), output_index: item.place };
      events += this.#event('response.function_call_arguments.delta', { ...at, delta });
    }
    return events;
  }

  end(reply: ChatReply): string {
    // Also an empty answer is one.
    const empty = this.#items.length === 0 ? this.#text('') : '';
    const items = this.#items.map((item) => this.#finish(item)).join('');
    const end = endOf(reply);
    const usage = responseUsage(reply);
    const response = responseObject(this.#label, this.#body, end, this.#done, { usage });
    return empty + items + this.#event(`response.${end.status}`, { response });
  }

  failure(error: SyscallError): string {
    const { code, message, param } = openaiError(error);
    const failed = { status: 'failed', incomplete_details: null } as const;
    const response = responseObject(this.#label, this.#body, failed, this.#done, { error: { code, message } });
    // `error` alone where nobody has heard of a response yet.
    const event = this.#event('error', { code, message, param });
    return this.#sequence === 1 ? event : event + this.#event('response.failed', { response });
  }

  #text(delta: string): string {
    const last = this.#items.at(-1);
    const isOpen = last !== undefined && last.call === undefined;
    const item = isOpen ? last : { place: this.#items.length, text: '' };
    let events = '';
    if (!isOpen) {
      this.#items.push(item);
      const added = { ...messageItem(this.#label, item.place, '', 'in_progress'), content: [] };
      const part = { ...this.#at(item), content_index: 0, part: textPart('') };
      events = this.#added(item, added) + this.#event('response.content_part.added', part);
    }
    item.text += delta;
    if (delta === '') return events;
    const piece = { ...this.#at(item), content_index: 0, delta, logprobs: [] };
    return events + this.#event('response.output_text.delta', piece);
  }

  #finish(item: Item): string {
    const { place, call, text } = item;
    const done = (whole: object) => {
      this.#done.push(whole);
      return this.#event('response.output_item.done', { output_index: place, item: whole });
    };
    if (call !== undefined) {
      const at = { item_id: itemId('fc', this.#label.id, place), output_index: place };
      const written = this.#event('response.function_call_arguments.done', { ...at, name: call.name, arguments: text });
      return written + done(callItem(this.#label, place, { ...call, arguments: text }, 'completed'));
    }
    const at = { ...this.#at(item), content_index: 0 };
    return (
      this.#event('response.output_text.done', { ...at, text, logprobs: [] }) +
      this.#event('response.content_part.done', { ...at, part: textPart(text) }) +
      done(messageItem(this.#label, place, text, 'completed'))
    );
  }

  #at({ place }: Item) {
    return { item_id: itemId('msg', this.#label.id, place), output_index: place };
  }

  #added({ place }: Item, item: object): string {
    return this.#event('response.output_item.added', { output_index: place, item });
  }

  #event(type: string, members: object): string {
    return serverEvent({ type, sequence_number: this.#sequence++, ...members }, type);
  }
}
