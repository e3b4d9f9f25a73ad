import type { CoreInfo, Price } from '../../syscalls/cores.js';
import type { ChatParams, ChatReply, ToolCall } from '../../syscalls/llm-chat.js';
import type { Millis } from '../../syscalls/syscall.js';

/** One request to a model. */
export interface CoreRequest {
  readonly params: ChatParams;
  /** The kernel's count of the tokens of the messages, without `prefix`. */
  readonly inputTokens: number;
  /** The start of the answer, written before a preemption; empty on a first request. Only cores with `supportsPrefix` get one. */
  readonly prefix: string;
  readonly prefixTokens: number;
  /** Most output tokens of this request: those of the prefix are taken off already. */
  readonly maxTokens: number | undefined;
}

/** A piece of the answer: whole tokens, in order. */
export interface CoreChunk {
  readonly text: string;
  /** How many tokens the text is, counted or estimated; 1 or more. */
  readonly tokens: number;
}

export interface CoreRun {
  /** Aborted when nobody wants the answer any more. */
  readonly signal: AbortSignal;
  readonly onChunk: (chunk: CoreChunk) => void;
}

/** What a model answered, beside the text, which went through `onChunk` whole. */
export interface CoreResult {
  readonly toolCalls: readonly ToolCall[];
  readonly finishReason: ChatReply['finishReason'];
  readonly usage: { readonly inputTokens: number; readonly outputTokens: number };
  readonly costUsd: number;
  /** Set where the provider did not say its usage and the kernel counted tokens itself. */
  readonly usageCounted?: true;
}

/** Whether a core can be used now, where it knows better than the kernel. */
export interface CoreHealth {
  /** Calls it would take now beside those running; `Infinity` when it is well. */
  readonly slots: number;
  /** When to ask again, if `slots` is 0. */
  readonly retryAt: Millis | undefined;
}

/** One model behind one endpoint. */
export interface LLMCore {
  /** `cap`, `requestsPerMinute` and `tokensPerMinute` are those of the boot; a reload changes the kernel's own copy. */
  readonly info: CoreInfo;
  /** Why it can never serve this call, in a few words; undefined when it can. */
  refuses?(params: ChatParams): string | undefined;
  /**
   * Settles only when the request to the provider is closed, after an abort too: the slot is taken until then.
   * After an abort, chunks of text that was ready before it may still be given; then it rejects with anything.
   *
   * @throws SyscallError `core-failed` (another try may help; `retryAfterMs` where the provider said so) or `core-rejected` (it will not)
   */
  chat(request: CoreRequest, run: CoreRun): Promise<CoreResult>;
  health?(): CoreHealth;
  close?(): Promise<void>;
}

/** US dollars for this many tokens. */
export function costOf(price: Price, usage: { readonly inputTokens: number; readonly outputTokens: number }): number {
  return (usage.inputTokens * price.inputPerMTok + usage.outputTokens * price.outputPerMTok) / 1e6;
}
