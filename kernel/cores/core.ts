import type { MediaKind, ToolCallDelta } from '../../syscalls/chat-message.js';
import type { CoreInfo, Setting } from '../../syscalls/cores.js';
import { type FaultClass, SyscallError } from '../../syscalls/errors.js';
import type { ChatParams, ChatReply } from '../../syscalls/llm-chat.js';
import type { TokenUsage } from '../../syscalls/price.js';
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
  /** Where it belongs in a trace, as W3C Trace Context writes it, if a provider may know. */
  readonly traceparent?: string | undefined;
}

/** A piece of the answer: whole tokens, in order. */
export interface CoreChunk {
  /** Empty for what is written and billed, but is no text of the answer: thoughts, arguments of tools. */
  readonly text: string;
  /** How many tokens it is, counted or estimated; 1 or more. */
  readonly tokens: number;
  /** The piece of a tool call that it is, from providers that stream them. */
  readonly toolCall?: ToolCallDelta;
}

/** What a provider reports of what it bills. */
export interface Bill {
  readonly usage: TokenUsage;
  readonly costUsd: number;
  /** What the provider itself reports as the cost. */
  readonly providerCostUsd?: number;
  /** Set where the provider did not report all of it and tokens were counted here. */
  readonly isEstimated?: true;
  /** Set where the answer has ended: nothing is to be added. */
  readonly isWhole?: true;
}

export interface CoreRun {
  /** Aborted when nobody wants the answer any more. */
  readonly signal: AbortSignal;
  readonly onChunk: (chunk: CoreChunk) => void;
  /** Receives what is known of the bill as soon as it is, each time the whole: it counts where the request has no result. */
  readonly onBill?: (bill: Bill) => void;
}

/** What a model answered, beside the text, which went through `onChunk` whole. */
export interface CoreResult
  extends Bill,
    Pick<
      ChatReply,
      'toolCalls' | 'finishReason' | 'finishWord' | 'reasoning' | 'reasoningDetails' | 'logprobs' | 'warnings'
    > {}

/** What an answer has shown of what a core can do. */
export interface Learnt {
  /** Tokens that input and output may really take together. */
  readonly contextWindow?: number;
  readonly unsupported?: Setting;
  readonly input?: MediaKind;
}

/** Why a core did not answer. The class of the fault is in `details`. */
export class CoreError extends SyscallError {
  /** Worth remembering for later calls. */
  readonly learnt: Learnt;

  constructor(
    code: 'core-failed' | 'core-rejected' | 'invalid-output',
    message: string,
    {
      class: faultClass,
      status,
      retryAfterMs,
      learnt = {},
    }: { class: FaultClass; status?: number | undefined; retryAfterMs?: number | undefined; learnt?: Learnt },
  ) {
    const details = { class: faultClass, ...(status === undefined ? {} : { status }) };
    super(code, message, { retryAfterMs, details });
    this.learnt = learnt;
  }
}

/** Whether a core can be used now, where it knows better than the kernel. */
export interface CoreHealth {
  /** Calls it would take now beside those running; `Infinity` when it is well. */
  readonly slots: number;
  /** When to ask again, if `slots` is 0. */
  readonly retryAt: Millis | undefined;
  /** Set while nobody can be served until somebody mends the config: why, in a few words. */
  readonly misconfigured?: string;
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
   * @throws CoreError `core-failed` (another try may help; `retryAfterMs` where the provider said so), `core-rejected`
   *   (this core will not take it, another may), `invalid-output` (the answer breaks the response format)
   */
  chat(request: CoreRequest, run: CoreRun): Promise<CoreResult>;
  health?(): CoreHealth;
  /** The config was read again: what was closed, for whatever reason, may be tried at once. */
  reopen?(): void;
  close?(): Promise<void>;
}
