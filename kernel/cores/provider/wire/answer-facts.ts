import type { ReasoningDetail } from '../../../../syscalls/chat-message.js';
import type { TokenUsage } from '../../../../syscalls/price.js';
import type { Json } from '../../../json.js';
import { CoreError } from '../../core.js';

/** What the events of one answer say beside its content, filled in as they come. */
export interface AnswerFacts {
  /** The provider's word for why the answer ended; while there is none, the answer is not whole. */
  finishWord: string | undefined;
  /** The provider's mark that nothing more comes. */
  hasEndMark: boolean;
  /** Counts that the provider has reported, the latest of each. */
  usage: Partial<TokenUsage>;
  /** US dollars, by the provider's own word. */
  providerCostUsd: number | undefined;
  /** The model refused, in a member of its own. */
  isRefused: boolean;
  /** The member of OpenAI's form that thoughts came in. */
  thoughtMember: string | undefined;
  readonly logprobs: unknown[];
  /** Of servers that send them in OpenRouter's form. */
  readonly reasoningDetails: ReasoningDetail[];
  /** What a server of OpenAI's form wants back with a call of a tool, by the call's id. */
  readonly extras: ReadonlyMap<string, Json>;
}

/** Most calls of tools in one answer. */
const MAX_TOOL_CALLS = 256;

/** One more call of a tool is in the answer. @throws CoreError where no caller could want so many */
export function checkToolCalls(count: number): void {
  if (count <= MAX_TOOL_CALLS) return;
  const message = `Expected of the provider at most ${MAX_TOOL_CALLS} calls of tools in an answer, got more`;
  throw new CoreError('core-failed', message, { class: 'provider' });
}

export function noFacts(extras: ReadonlyMap<string, Json> = new Map()): AnswerFacts {
  return {
    finishWord: undefined,
    hasEndMark: false,
    usage: {},
    providerCostUsd: undefined,
    isRefused: false,
    thoughtMember: undefined,
    logprobs: [],
    reasoningDetails: [],
    extras,
  };
}

/** How one provider's API writes an answer. One object reads one answer. */
export interface Dialect {
  readonly facts: AnswerFacts;
  /**
   * Reads one event, and gives on what the SDK is to see of it, in the form that it knows.
   *
   * @throws CoreError for an error that the event holds
   */
  read(event: Json): readonly Json[];
  /** A whole answer that came in place of a stream, as the events of one. @throws CoreError for an error in it */
  unroll(answer: Json): readonly Json[];
  /** The text `[DONE]`, which is no JSON: what the SDK is to see before it. */
  done(): readonly Json[];
}
