import { z } from 'zod';

const rate = z.number().min(0);

const rates = {
  inputPerMTok: rate.describe('Input'),
  outputPerMTok: rate.describe('Output'),
  cachedInputPerMTok: rate.optional().describe('Input read from the provider’s prompt cache. @default inputPerMTok'),
  cacheWritePerMTok: rate.optional().describe('Input written to the prompt cache. @default inputPerMTok'),
  audioInputPerMTok: rate.optional().describe('Audio in the input. @default inputPerMTok'),
  reasoningPerMTok: rate.optional().describe('Output that the model only thought. @default outputPerMTok'),
  audioOutputPerMTok: rate.optional().describe('Audio in the output. @default outputPerMTok'),
} as const;

/** US dollars per million tokens. */
export const price = z.strictObject({
  ...rates,
  perRequest: rate.optional().describe('US dollars for each request, whatever its tokens. @default 0'),
  tiers: z
    .array(
      z.strictObject({
        aboveInputTokens: z.int().min(1).describe('The tier holds for a request with more input tokens than this'),
        ...rates,
        inputPerMTok: rate.optional().describe('Input'),
        outputPerMTok: rate.optional().describe('Output'),
      }),
    )
    .min(1)
    .optional()
    .describe(
      'Prices of long requests: the tier holds for all tokens of the request; what it leaves out stays as before',
    ),
});

export type Price = z.infer<typeof price>;

/** Tokens of one or more requests. The parts are contained in the two totals; an absent one is 0 or not known. */
export interface TokenUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Part of the input that came from the provider's prompt cache. */
  readonly cachedInputTokens?: number;
  /** Part of the input that was written to the prompt cache. */
  readonly cacheWriteTokens?: number;
  readonly audioInputTokens?: number;
  /** Part of the output that the model only thought. */
  readonly reasoningTokens?: number;
  readonly audioOutputTokens?: number;
}

/** US dollars for the tokens of one request. */
export function costOf(price: Price, usage: TokenUsage): number {
  const { cachedInputTokens = 0, cacheWriteTokens = 0, audioInputTokens = 0 } = usage;
  const { reasoningTokens = 0, audioOutputTokens = 0 } = usage;
  const { inputPerMTok, outputPerMTok, perRequest = 0, ...special } = ratesAt(price, usage.inputTokens);
  const plainInput = usage.inputTokens - cachedInputTokens - cacheWriteTokens - audioInputTokens;
  const plainOutput = usage.outputTokens - reasoningTokens - audioOutputTokens;
  const micros =
    // Audio may come from the cache too; then it is in both parts.
    Math.max(0, plainInput) * inputPerMTok +
    cachedInputTokens * (special.cachedInputPerMTok ?? inputPerMTok) +
    cacheWriteTokens * (special.cacheWritePerMTok ?? inputPerMTok) +
    audioInputTokens * (special.audioInputPerMTok ?? inputPerMTok) +
    Math.max(0, plainOutput) * outputPerMTok +
    reasoningTokens * (special.reasoningPerMTok ?? outputPerMTok) +
    audioOutputTokens * (special.audioOutputPerMTok ?? outputPerMTok);
  return micros / 1e6 + perRequest;
}

function ratesAt(price: Price, inputTokens: number): Price {
  if (price.tiers === undefined) return price;
  const reached = price.tiers.filter(({ aboveInputTokens }) => inputTokens > aboveInputTokens);
  if (reached.length === 0) return price;
  return Object.assign({}, price, ...reached.sort((a, b) => a.aboveInputTokens - b.aboveInputTokens));
}
