import type { CoreChunk, CoreRequest, CoreResult, LLMCore } from '../../../kernel/cores/core.js';
import type { ChatParams } from '../../../syscalls/llm-chat.js';

/** A call with one user message. */
export function callOf(prompt: string, params: Omit<ChatParams, 'messages'> = {}): CoreRequest {
  return {
    params: { messages: [{ role: 'user', content: prompt }], ...params },
    inputTokens: 10,
    prefix: '',
    prefixTokens: 0,
    maxTokens: params.maxTokens,
  };
}

export interface Asked {
  readonly chunks: readonly CoreChunk[];
  /** Text and tokens of all chunks so far. */
  readonly text: () => string;
  readonly tokens: () => number;
  readonly result: Promise<CoreResult>;
  readonly abort: (reason?: unknown) => void;
}

/** Starts a call and keeps what comes. */
export function ask(core: LLMCore, request: CoreRequest, onChunk?: (chunk: CoreChunk) => void): Asked {
  const controller = new AbortController();
  const chunks: CoreChunk[] = [];
  const run = {
    signal: controller.signal,
    onChunk: (chunk: CoreChunk) => {
      chunks.push(chunk);
      onChunk?.(chunk);
    },
  };
  const result = core.chat(request, run);
  // A test looks at the end when it likes.
  result.catch(() => {});
  return {
    chunks,
    text: () => chunks.map(({ text }) => text).join(''),
    tokens: () => chunks.reduce((sum, { tokens }) => sum + tokens, 0),
    result,
    abort: (reason) => controller.abort(reason),
  };
}

/** What a promise rejects with; undefined if it does not. */
export function errorOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}
