/** Tokens and US dollars of one or more requests. */
export interface Spent {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** The part of `inputTokens` that was sent again because the call was preempted. */
  readonly reprefillTokens: number;
  readonly costUsd: number;
}

export const NOTHING_SPENT: Spent = { inputTokens: 0, outputTokens: 0, reprefillTokens: 0, costUsd: 0 };

export function addUp(a: Spent, b: Spent): Spent {
  return {
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    reprefillTokens: a.reprefillTokens + b.reprefillTokens,
    costUsd: a.costUsd + b.costUsd,
  };
}
