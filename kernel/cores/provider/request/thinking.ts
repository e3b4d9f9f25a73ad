import type { ChatParams } from '../../../../syscalls/llm-chat.js';
import type { Json } from '../../../json.js';
import type { ProviderConfig } from '../model/provider-config.js';

type Effort = NonNullable<ChatParams['reasoningEffort']>;

/** Tokens that a model may think, where a provider wants their number and not a word. */
const BUDGET: Readonly<Record<Effort, number>> = {
  none: 0,
  minimal: 1024,
  low: 1024,
  medium: 4096,
  high: 16_384,
  xhigh: 24_576,
};
/** Anthropic takes no smaller budget. */
const LEAST_BUDGET = 1024;

/** Words that Gemini 3 has for it. */
const LEVEL: Readonly<Record<Effort, string>> = {
  none: 'low',
  minimal: 'minimal',
  low: 'low',
  medium: 'medium',
  high: 'high',
  xhigh: 'high',
};

interface Thinking {
  readonly options: Json;
  readonly settings?: { readonly maxOutputTokens: number };
  readonly warning?: string;
}

/** An effort as Anthropic and Google take it: tokens to think, or a word. @param maxTokens of the whole answer, thoughts included */
export function thinkingOptions(
  effort: Effort | undefined,
  { provider, model }: ProviderConfig,
  maxTokens: number | undefined,
): Thinking {
  if (effort === undefined) return { options: {} };
  const budget = BUDGET[effort];
  if (provider === 'google') {
    const isLevelled = /gemini-[3-9]/.test(model);
    const amount = isLevelled ? { thinkingLevel: LEVEL[effort] } : { thinkingBudget: budget };
    return { options: { thinkingConfig: { ...amount, includeThoughts: effort !== 'none' } } };
  }
  if (budget === 0) return { options: { thinking: { type: 'disabled' } } };
  if (maxTokens === undefined) return { options: { thinking: { type: 'enabled', budgetTokens: budget } } };
  // The SDK adds the budget to what the answer may take; together they must not pass `maxTokens`.
  const budgetTokens = Math.min(budget, Math.floor(maxTokens / 2));
  if (budgetTokens < LEAST_BUDGET) {
    const least = `maxTokens of ${2 * LEAST_BUDGET} or more`;
    return { options: {}, warning: `reasoningEffort: not sent, thinking needs ${least} at anthropic` };
  }
  const settings = { maxOutputTokens: maxTokens - budgetTokens };
  return { options: { thinking: { type: 'enabled', budgetTokens } }, settings };
}
