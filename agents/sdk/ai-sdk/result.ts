import type { LanguageModelV3GenerateResult, LanguageModelV3StreamPart, SharedV3Warning } from '@ai-sdk/provider';
import type { ChatReply } from '../../../syscalls/llm-chat.js';

type Ending = Pick<LanguageModelV3GenerateResult, 'finishReason' | 'usage'> & {
  readonly providerMetadata: NonNullable<LanguageModelV3GenerateResult['providerMetadata']>;
};

/** A whole answer in the form of the AI SDK. What only the kernel knows is in `providerMetadata.eccos`. */
export function resultOf(reply: ChatReply, warnings: readonly SharedV3Warning[]): LanguageModelV3GenerateResult {
  const { text, reasoning, toolCalls } = reply;
  return {
    content: [
      ...(reasoning === undefined ? [] : [{ type: 'reasoning' as const, text: reasoning }]),
      ...(text === '' ? [] : [{ type: 'text' as const, text }]),
      ...toolCalls.map(toolCallOf),
    ],
    ...endingOf(reply),
    response: { id: reply.syscallId, modelId: reply.core },
    warnings: [...warnings, ...(reply.warnings ?? []).map((message) => ({ type: 'other' as const, message }))],
  };
}

/** What a stream has to say at its end, beside its text and the arguments of its tools. */
export function lastParts(reply: ChatReply): LanguageModelV3StreamPart[] {
  const { reasoning, toolCalls, syscallId, core } = reply;
  const thoughts: LanguageModelV3StreamPart[] =
    reasoning === undefined
      ? []
      : [
          { type: 'reasoning-start', id: 'reasoning' },
          { type: 'reasoning-delta', id: 'reasoning', delta: reasoning },
          { type: 'reasoning-end', id: 'reasoning' },
        ];
  return [
    ...thoughts,
    ...toolCalls.map(({ id }): LanguageModelV3StreamPart => ({ type: 'tool-input-end', id })),
    ...toolCalls.map(toolCallOf),
    { type: 'response-metadata', id: syscallId, modelId: core },
    { type: 'finish', ...endingOf(reply) },
  ];
}

function toolCallOf({ id, function: { name, arguments: input } }: ChatReply['toolCalls'][number]) {
  return { type: 'tool-call' as const, toolCallId: id, toolName: name, input: input.trim() === '' ? '{}' : input };
}

function endingOf(reply: ChatReply): Ending {
  const { finishReason, finishWord, usage, syscallId, core, reason, costUsd, attempts, preemptions, times } = reply;
  const { inputTokens, outputTokens, cachedInputTokens, cacheWriteTokens, reasoningTokens } = usage;
  const noCache = inputTokens - (cachedInputTokens ?? 0) - (cacheWriteTokens ?? 0);
  return {
    finishReason: { unified: finishReason, raw: finishWord },
    usage: {
      inputTokens: { total: inputTokens, noCache, cacheRead: cachedInputTokens, cacheWrite: cacheWriteTokens },
      outputTokens: {
        total: outputTokens,
        text: outputTokens - (reasoningTokens ?? 0),
        reasoning: reasoningTokens,
      },
    },
    providerMetadata: {
      eccos: { syscallId, core, reason, costUsd, attempts, preemptions, waitMs: times.started - times.accepted },
    },
  };
}
