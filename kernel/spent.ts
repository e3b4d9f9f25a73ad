import type { TokenUsage } from '../syscalls/price.js';

/** Tokens and US dollars of one or more requests. */
export interface Spent extends TokenUsage {
  /** The part of `inputTokens` that was sent again because the call was preempted. */
  readonly reprefillTokens: number;
  readonly costUsd: number;
  /** What the provider itself reports as the cost, where it does. */
  readonly providerCostUsd?: number;
}

export const NOTHING_SPENT: Spent = { inputTokens: 0, outputTokens: 0, reprefillTokens: 0, costUsd: 0 };

/** Members that are absent where nothing is known of them. */
const OPTIONAL = [
  'cachedInputTokens',
  'cacheWriteTokens',
  'audioInputTokens',
  'reasoningTokens',
  'audioOutputTokens',
  'providerCostUsd',
] as const;

export function addUp(a: Spent, b: Spent): Spent {
  if (a === NOTHING_SPENT) return b;
  if (b === NOTHING_SPENT) return a;
  const sum: { -readonly [Key in keyof Spent]: Spent[Key] } = {
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    reprefillTokens: a.reprefillTokens + b.reprefillTokens,
    costUsd: a.costUsd + b.costUsd,
  };
  for (const key of OPTIONAL) {
    if (a[key] !== undefined || b[key] !== undefined) sum[key] = (a[key] ?? 0) + (b[key] ?? 0);
  }
  return sum;
}
