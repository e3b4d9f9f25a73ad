import { amountAt, countAt, isObject, type Json, listAt, objectAt, textAt } from '../../../json.js';
import { faultInAnswer } from '../faults/fault.js';
import { type AnswerFacts, type Dialect, noFacts } from './answer-facts.js';
import { ToolCallIndex } from './tool-call-index.js';

type Parts = AnswerFacts['reasoningDetails'];

/**
 * OpenAI's chat completion chunks, and what servers that call themselves compatible make of them. Each chunk goes on with
 * the members that an answer is made of and no others, so that a server's own inventions meet no schema.
 */
export class OpenAIDialect implements Dialect {
  readonly #calls = new ToolCallIndex();
  readonly facts = noFacts(this.#calls.extras);
  #hasOutput = false;
  #unsigned = '';

  read(event: Json): readonly Json[] {
    if (this.facts.hasEndMark) return [];
    const fault = errorOf(event) ?? errorOf({ error: objectAt(listAt(event, 'choices')[0], 'error'), choices: [] });
    if (fault !== undefined) throw faultInAnswer(fault);
    this.#readUsage(event['usage'] ?? objectAt(event, 'x_groq')['usage']);
    const [choice] = listAt(event, 'choices');
    if (!isObject(choice)) return [];
    if (isObject(choice['usage'])) this.#readUsage(choice['usage']);
    // Some repeat the whole message at the end.
    const message = this.#hasOutput ? {} : objectAt(choice, 'message');
    const delta = isObject(choice['delta']) ? choice['delta'] : message;
    for (const entry of listAt(choice['logprobs'], 'content')) this.facts.logprobs.push(entry);
    gather(this.facts.reasoningDetails, listAt(delta, 'reasoning_details'));
    for (const block of listAt(delta, 'thinking_blocks')) this.#keepBlock(block);
    this.facts.thoughtMember ??= THOUGHT_MEMBERS.find((member) => textAt(delta, member) !== undefined);
    const content = this.#contentOf(delta);
    const calls = this.#toolCallsOf(delta);
    const word = wordOf(choice['finish_reason']);
    this.facts.finishWord = word ?? this.facts.finishWord;
    this.#hasOutput ||= calls.length > 0 || (content !== undefined && content !== '');
    return [
      chunk(
        {
          ...(content === undefined ? {} : { content }),
          ...thoughtOf(delta),
          ...(calls.length === 0 ? {} : { tool_calls: calls }),
          ...(Array.isArray(delta['annotations']) ? { annotations: delta['annotations'] } : {}),
        },
        // The SDK has to see an end; the word itself is read here.
        word === undefined ? null : 'stop',
      ),
    ];
  }

  unroll(answer: Json): readonly Json[] {
    const events = this.read(answer);
    this.facts.hasEndMark = true;
    if (this.facts.finishWord === undefined && events.length > 0) return [...events, ...this.done()];
    return events;
  }

  done(): readonly Json[] {
    this.facts.hasEndMark = true;
    if (this.facts.finishWord !== undefined || !this.#hasOutput) return [];
    // The end mark without a word: whole, but nobody said why it ended.
    this.facts.finishWord = '[DONE]';
    return [chunk({}, 'stop')];
  }

  /** LiteLLM's form of Anthropic's thoughts; a block counts once it is signed. */
  #keepBlock(block: unknown): void {
    if (!isObject(block)) return;
    if (textAt(block, 'signature') === undefined && textAt(block, 'data') === undefined) {
      this.#unsigned += textAt(block, 'thinking') ?? '';
      return;
    }
    const thinking = textAt(block, 'thinking') ?? this.#unsigned;
    this.#unsigned = '';
    this.facts.reasoningDetails.push({ ...block, type: String(block['type']), thinking, format: 'thinking_blocks' });
  }

  #readUsage(usage: unknown): void {
    if (!isObject(usage)) return;
    const input = objectAt(usage, 'prompt_tokens_details');
    const output = objectAt(usage, 'completion_tokens_details');
    const total = countAt(usage, 'total_tokens');
    const prompt = countAt(usage, 'prompt_tokens');
    const completion = countAt(usage, 'completion_tokens');
    // Some count thoughts beside the completion: only the total holds all that is billed.
    const rest = total === undefined || prompt === undefined ? undefined : total - prompt;
    const inputRest = total === undefined || completion === undefined ? undefined : total - completion;
    const reasoning = countAt(output, 'reasoning_tokens') ?? countAt(usage, 'reasoning_tokens') ?? 0;
    // More thoughts than output: they were not counted in it.
    const all = completion !== undefined && reasoning > completion ? completion + reasoning : completion;
    const cached =
      countAt(input, 'cached_tokens') ??
      countAt(usage, 'prompt_cache_hit_tokens') ??
      countAt(usage, 'cache_read_input_tokens');
    const beside = prompt !== undefined && cached !== undefined && cached > prompt ? cached : 0;
    const counts = {
      inputTokens: prompt === undefined ? positive(inputRest) : prompt + beside,
      outputTokens: rest !== undefined && rest > (all ?? 0) ? rest : all,
      cachedInputTokens: cached,
      cacheWriteTokens:
        countAt(input, 'cache_write_tokens') ??
        countAt(input, 'cache_creation_tokens') ??
        countAt(usage, 'cache_creation_input_tokens'),
      audioInputTokens: countAt(input, 'audio_tokens'),
      reasoningTokens: countAt(output, 'reasoning_tokens') ?? countAt(usage, 'reasoning_tokens'),
      audioOutputTokens: countAt(output, 'audio_tokens'),
    };
    const known = Object.entries(counts).filter(([, count]) => count !== undefined);
    this.facts.usage = { ...this.facts.usage, ...Object.fromEntries(known) };
    this.facts.providerCostUsd =
      amountAt(usage, 'cost') ??
      amountAt(objectAt(usage, 'cost'), 'total_cost') ??
      amountAt(usage, 'estimated_cost') ??
      this.facts.providerCostUsd;
  }

  /** The text of a delta. A refusal comes in a member of its own: it is the answer, and says why there is no other. */
  #contentOf(delta: Json): string | undefined {
    const refusal = textAt(delta, 'refusal');
    const content = plainText(delta['content']);
    if (refusal === undefined) return content;
    this.facts.isRefused = true;
    return (content ?? '') + refusal;
  }

  #toolCallsOf(delta: Json): readonly Json[] {
    const calls = listAt(delta, 'tool_calls').filter(isObject);
    const old = delta['function_call'];
    return (isObject(old) ? [...calls, { index: 0, function: old }] : calls).map((call) => this.#calls.place(call));
  }
}

/** Where servers put thoughts. */
const THOUGHT_MEMBERS = ['reasoning_content', 'reasoning', 'thinking'] as const;

function chunk(delta: Json, finishReason: string | null): Json {
  return { id: 'chunk', created: 0, model: 'model', choices: [{ index: 0, delta, finish_reason: finishReason }] };
}

/** A word; servers also write null, an empty text or the text `null` in every chunk but the last. */
function wordOf(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' && value !== 'null' ? value : undefined;
}

function thoughtOf(delta: Json): Json {
  const thought =
    THOUGHT_MEMBERS.map((member) => textAt(delta, member)).find((text) => text !== undefined) ??
    thoughtIn(listAt(delta, 'content'));
  return thought === undefined ? {} : { reasoning_content: thought };
}

/** Joins pieces of one detail, which come over several chunks. */
function gather(details: Parts, pieces: readonly unknown[]): void {
  for (const piece of pieces) {
    if (!isObject(piece) || typeof piece['type'] !== 'string') continue;
    const last = details.at(-1);
    const continues = last !== undefined && last.type === piece['type'] && last['index'] === piece['index'];
    if (!continues || piece['index'] === undefined) {
      details.push({ ...piece, type: piece['type'] });
      continue;
    }
    const joined: Record<string, unknown> = { ...last };
    for (const [key, value] of Object.entries(piece)) {
      const isText = typeof value === 'string' && typeof joined[key] === 'string';
      joined[key] = isText && JOINED.has(key) ? `${joined[key]}${value}` : (value ?? joined[key]);
    }
    details[details.length - 1] = joined as Parts[number];
  }
}

/** Members of a detail that come in pieces. */
const JOINED = new Set(['text', 'summary', 'data']);

function positive(count: number | undefined): number | undefined {
  return count !== undefined && count >= 0 ? count : undefined;
}

/** The error that a body or an event holds, in any of the forms that servers have for one. */
function errorOf(event: Json): Json | undefined {
  const error = event['error'] ?? objectAt(event, 'x_groq')['error'];
  if (isObject(error) && Object.keys(error).length > 0) return error;
  if (typeof error === 'string' && error !== '') return { ...event, message: error };
  if (Array.isArray(event['choices']) || isObject(event['usage'])) return undefined;
  const message = textAt(event, 'message') ?? textAt(event, 'detail') ?? textAt(event, 'msg');
  return event['object'] === 'error' || event['type'] === 'error' || message !== undefined
    ? { ...event, ...(message === undefined ? {} : { message }) }
    : undefined;
}

/** The text of a content: a text, or a list of parts. */
function plainText(content: unknown): string | undefined {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return undefined;
  return content.map((part) => (isObject(part) && part['type'] === 'text' ? String(part['text'] ?? '') : '')).join('');
}

/** Thoughts among the parts of a content, as Mistral writes them. */
function thoughtIn(parts: readonly unknown[]): string | undefined {
  const thoughts = parts.flatMap((part) => (isObject(part) && part['type'] === 'thinking' ? [part['thinking']] : []));
  return thoughts.map((thought) => plainText(thought) ?? '').join('') || undefined;
}
