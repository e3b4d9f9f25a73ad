import { countAt, isObject, type Json, listAt, objectAt, textAt } from '../../../json.js';
import { faultInAnswer } from '../faults/fault.js';
import { type Dialect, noFacts } from './answer-facts.js';

/** Events that the SDK knows. The API's documentation asks clients to pass over types that are new to them. */
const KNOWN = new Set([
  'message_start',
  'content_block_start',
  'content_block_delta',
  'content_block_stop',
  'message_delta',
  'message_stop',
  'ping',
]);

/** In the place of a usage, which is read here: the SDK refuses an answer whose counts are not as it knows them. */
const READ = { input_tokens: 0, output_tokens: 0 };

/** Anthropic's messages API. */
export class AnthropicDialect implements Dialect {
  readonly facts = noFacts();
  #stopReason: string | undefined;

  read(event: Json): readonly Json[] {
    const error = event['error'];
    if (isObject(error)) throw faultInAnswer(error);
    const type = textAt(event, 'type') ?? '';
    if (type === 'error') throw faultInAnswer(event);
    if (!KNOWN.has(type)) return [];
    if (type === 'message_start') {
      const message = objectAt(event, 'message');
      this.#readUsage(message['usage'], false);
      return [{ ...event, message: { ...message, usage: READ } }];
    }
    if (type === 'message_delta') {
      this.#readUsage(event['usage'], true);
      this.#stopReason = textAt(objectAt(event, 'delta'), 'stop_reason') ?? this.#stopReason;
      return [{ ...event, usage: READ }];
    }
    if (type === 'message_stop') {
      this.facts.hasEndMark = true;
      this.facts.finishWord = this.#stopReason;
    }
    return [event];
  }

  unroll(answer: Json): readonly Json[] {
    if (answer['type'] !== 'message') return this.read(answer);
    const { content: _content, stop_reason, ...message } = answer;
    const events: Json[] = [
      { type: 'message_start', message: { ...message, content: [], stop_reason: null, stop_sequence: null } },
    ];
    for (const [index, block] of listAt(answer, 'content').entries()) {
      if (isObject(block)) events.push(...unrollBlock(block, index));
    }
    events.push(
      { type: 'message_delta', delta: { stop_reason, stop_sequence: null }, usage: objectAt(answer, 'usage') },
      { type: 'message_stop' },
    );
    return events.flatMap((event) => this.read(event));
  }

  done(): readonly Json[] {
    return [];
  }

  /** @param isEnd the counts of a message's start do not hold its output */
  #readUsage(usage: unknown, isEnd: boolean): void {
    if (!isObject(usage)) return;
    const known = this.facts.usage;
    const cachedInputTokens = countAt(usage, 'cache_read_input_tokens') || known.cachedInputTokens;
    const cacheWriteTokens = countAt(usage, 'cache_creation_input_tokens') || known.cacheWriteTokens;
    // No prompt has no tokens: servers write a zero where they do not know, or have said it before.
    const plain = countAt(usage, 'input_tokens') || undefined;
    const output = countAt(usage, 'output_tokens');
    this.facts.usage = {
      ...known,
      // Here the input does not hold what came from the cache, or went to it.
      ...(plain === undefined ? {} : { inputTokens: plain + (cachedInputTokens ?? 0) + (cacheWriteTokens ?? 0) }),
      ...(cachedInputTokens === undefined ? {} : { cachedInputTokens }),
      ...(cacheWriteTokens === undefined ? {} : { cacheWriteTokens }),
      ...(isEnd && output !== undefined ? { outputTokens: output } : {}),
    };
  }
}

/** A whole block of content as the events that stream it. */
function unrollBlock(block: Json, index: number): readonly Json[] {
  const delta = (delta: Json) => ({ type: 'content_block_delta', index, delta });
  const between = () => {
    switch (block['type']) {
      case 'text':
        return [delta({ type: 'text_delta', text: block['text'] })];
      case 'thinking':
        return [
          delta({ type: 'thinking_delta', thinking: block['thinking'] }),
          delta({ type: 'signature_delta', signature: block['signature'] }),
        ];
      case 'tool_use':
        return [delta({ type: 'input_json_delta', partial_json: JSON.stringify(block['input'] ?? {}) })];
      default:
        return [];
    }
  };
  const empty = { text: { text: '' }, thinking: { thinking: '', signature: '' }, tool_use: { input: {} } };
  const start = { ...block, ...empty[block['type'] as keyof typeof empty] };
  return [
    { type: 'content_block_start', index, content_block: start },
    ...between(),
    { type: 'content_block_stop', index },
  ];
}
