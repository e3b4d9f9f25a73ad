import { costOf, type Price, type TokenUsage } from '../../../syscalls/price.js';
import type { Bill } from '../core.js';
import type { AnswerFacts } from './wire/answer-facts.js';

/** Tokens as they were counted here. */
interface Counted {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly reasoningTokens: number;
}

/** What a request is billed: the provider's counts, and in the place of each that is missing the kernel's own. */
export function billOf({ usage, providerCostUsd }: AnswerFacts, counted: Counted, price: Price): Bill {
  const isWhole = usage.inputTokens !== undefined && usage.outputTokens !== undefined;
  const thoughts = usage.outputTokens === undefined ? counted.reasoningTokens : 0;
  const known: TokenUsage = {
    ...(thoughts > 0 ? { reasoningTokens: thoughts } : {}),
    ...usage,
    inputTokens: usage.inputTokens ?? Math.max(counted.inputTokens, usage.cachedInputTokens ?? 0),
    outputTokens: usage.outputTokens ?? Math.max(counted.outputTokens, usage.reasoningTokens ?? 0),
  };
  return {
    usage: known,
    costUsd: costOf(price, known),
    ...(providerCostUsd === undefined ? {} : { providerCostUsd }),
    ...(isWhole ? {} : { isEstimated: true }),
  };
}
