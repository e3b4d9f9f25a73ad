import type { ReasoningDetail, ToolCall } from '../../../syscalls/chat-message.js';
import { objectAt, textAt } from '../../json.js';
import { textTokens } from '../../tokens.js';
import { type Bill, type CoreChunk, CoreError, type CoreResult } from '../core.js';
import { cutStream } from './faults/fault.js';
import type { ProviderConfig } from './model/provider-config.js';
import type { ProviderPart } from './model/provider-models.js';
import { type AnswerFacts, checkToolCalls } from './wire/answer-facts.js';
import { meaningOf } from './wire/finish-word.js';

type Warning = Extract<ProviderPart, { type: 'stream-start' }>['warnings'][number];

/** An answer as it grows: what the SDK's parts hold beside the text, and how many tokens were counted. */
export class Answer {
  readonly #provider: ProviderConfig['provider'];
  readonly #facts: AnswerFacts;
  readonly #warnings: string[];
  readonly #toolCalls: ToolCall[] = [];
  /** Calls of tools whose arguments were counted as they came. */
  readonly #counted = new Set<string>();
  /** Names of the tools that are called, by the call. */
  readonly #named = new Map<string, string>();
  /** By the SDK's id of the block. */
  readonly #thoughts = new Map<string, ReasoningDetail>();
  #text = '';
  #textSignature: string | undefined;
  #reasoning = '';
  #outputTokens = 0;
  #reasoningTokens = 0;

  constructor(provider: ProviderConfig['provider'], facts: AnswerFacts, warnings: readonly string[]) {
    this.#provider = provider;
    this.#facts = facts;
    this.#warnings = [...warnings];
  }

  /** All that was written. */
  get text(): string {
    return this.#text;
  }

  /** Tokens as counted here. */
  get counted(): { readonly outputTokens: number; readonly reasoningTokens: number } {
    return { outputTokens: this.#outputTokens, reasoningTokens: this.#reasoningTokens };
  }

  /** @returns what of it is written and billed, if anything @throws what an error part holds */
  take(part: ProviderPart): CoreChunk | undefined {
    switch (part.type) {
      case 'stream-start':
        this.#warnings.push(...part.warnings.map(warningText));
        return undefined;
      case 'text-start':
      case 'text-end':
        this.#textSignature = this.#signatureOf(part.providerMetadata) ?? this.#textSignature;
        return undefined;
      case 'text-delta':
        this.#textSignature = this.#signatureOf(part.providerMetadata) ?? this.#textSignature;
        this.#text += part.delta;
        return this.#count(part.delta, part.delta);
      case 'reasoning-start':
      case 'reasoning-end':
        this.#think(part.id, '', part.providerMetadata);
        return undefined;
      case 'reasoning-delta': {
        this.#think(part.id, part.delta, part.providerMetadata);
        const chunk = this.#count('', part.delta);
        this.#reasoningTokens += chunk?.tokens ?? 0;
        return chunk;
      }
      case 'tool-input-start':
        if (!part.providerExecuted) this.#named.set(part.id, part.toolName);
        return undefined;
      case 'tool-input-delta':
        this.#counted.add(part.id);
        return withToolCall(this.#count('', part.delta), part.id, this.#named.get(part.id), part.delta);
      case 'tool-call': {
        const { toolCallId: id, toolName: name, input, providerExecuted } = part;
        if (providerExecuted) return undefined;
        checkToolCalls(this.#toolCalls.push(this.#toolCallOf(part)));
        return this.#counted.has(id) ? undefined : withToolCall(this.#count('', name + input), id, name, input);
      }
      case 'file':
      case 'source':
        this.#warn(`answer: a ${part.type} in it is not carried`);
        return undefined;
      case 'error':
        throw part.error;
      default:
        return undefined;
    }
  }

  /** @throws CoreError for an answer that is not whole */
  result(bill: Bill): CoreResult {
    const { logprobs, finishWord } = this.#facts;
    const finishReason = this.#finishReason();
    const details = [...this.#details(), ...this.#facts.reasoningDetails];
    const isPlain = finishReason === 'stop' || finishReason === 'length' || finishReason === 'tool-calls';
    return {
      ...bill,
      toolCalls: this.#toolCalls,
      finishReason,
      ...(isPlain || finishWord === undefined ? {} : { finishWord }),
      ...(this.#reasoning === '' ? {} : { reasoning: this.#reasoning }),
      ...(details.length === 0 ? {} : { reasoningDetails: details }),
      ...(logprobs.length === 0 ? {} : { logprobs }),
      ...(this.#warnings.length === 0 ? {} : { warnings: this.#warnings }),
    };
  }

  #finishReason(): CoreResult['finishReason'] {
    const { finishWord, isRefused } = this.#facts;
    if (finishWord === undefined) throw cutStream();
    if (isRefused) return 'content-filter';
    const meaning = meaningOf(finishWord);
    const hasCalls = this.#toolCalls.length > 0;
    switch (meaning) {
      case 'cut': {
        const message = `The provider broke the answer off: ${JSON.stringify(finishWord.slice(0, 64))}`;
        throw new CoreError('core-failed', message, { class: 'provider' });
      }
      case 'stop':
      case 'tool-calls':
        // Some servers say `stop` after calls of tools; an answer in the form of a tool's arguments is none.
        return hasCalls ? 'tool-calls' : 'stop';
      default:
        return meaning;
    }
  }

  #count(text: string, written: string): CoreChunk | undefined {
    if (written === '') return undefined;
    const tokens = Math.max(1, textTokens(written));
    this.#outputTokens += tokens;
    return { text, tokens };
  }

  #warn(line: string): void {
    if (!this.#warnings.includes(line)) this.#warnings.push(line);
  }

  #think(id: string, text: string, metadata: unknown): void {
    const known = this.#thoughts.get(id) ?? { type: 'reasoning.text', text: '', format: this.#provider };
    const data = textAt(objectAt(metadata, this.#provider), 'redactedData');
    const signature = this.#signatureOf(metadata);
    this.#reasoning += text;
    this.#thoughts.set(id, {
      ...known,
      ...(data === undefined ? { text: `${known.text ?? ''}${text}` } : { type: 'reasoning.encrypted', data }),
      ...(signature === undefined ? {} : { signature }),
    });
  }

  /** Thoughts that the provider wants back: those with a signature, and those that only it can read. */
  #details(): ReasoningDetail[] {
    const own = [...this.#thoughts.values()].filter(
      ({ signature, data }) => typeof signature === 'string' || typeof data === 'string',
    );
    if (this.#textSignature === undefined) return own;
    const ofText = { type: 'reasoning.encrypted', data: this.#textSignature, of: 'text', format: this.#provider };
    return [...own, ofText];
  }

  #signatureOf(metadata: unknown): string | undefined {
    const own = objectAt(metadata, this.#provider);
    return textAt(own, this.#provider === 'anthropic' ? 'signature' : 'thoughtSignature');
  }

  #toolCallOf({
    toolCallId: id,
    toolName: name,
    input,
    providerMetadata,
  }: Extract<ProviderPart, { type: 'tool-call' }>): ToolCall {
    const signature = this.#provider === 'google' ? this.#signatureOf(providerMetadata) : undefined;
    const extra = signature === undefined ? this.#facts.extras.get(id) : { google: { thought_signature: signature } };
    const call: ToolCall = { id, type: 'function', function: { name, arguments: input } };
    return extra === undefined ? call : { ...call, extra_content: { ...extra } };
  }
}

function withToolCall(
  chunk: CoreChunk | undefined,
  id: string,
  name: string | undefined,
  piece: string,
): CoreChunk | undefined {
  return chunk === undefined || name === undefined ? chunk : { ...chunk, toolCall: { id, name, arguments: piece } };
}

function warningText(warning: Warning): string {
  const { feature, details, message } = warning as { feature?: string; details?: string; message?: string };
  if (feature === undefined) return message ?? warning.type;
  return `${feature}: ${details ?? 'not sent, the provider has no such setting'}`;
}
