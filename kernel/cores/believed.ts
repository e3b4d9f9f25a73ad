import { costOf, type Price, type TokenUsage } from '../../syscalls/price.js';
import type { Bill } from './core.js';

/** What the kernel itself knows of one request. */
export interface Witnessed {
  /** The kernel's count of what was sent. */
  readonly inputTokens: number;
  /** The kernel's count of what has come: text, thoughts, arguments of tools. */
  readonly outputTokens: number;
  /** Most output tokens that the request may have. */
  readonly maxTokens: number | undefined;
  /** Tokens that input and output may take together on this core. */
  readonly contextWindow: number;
  /** The request names something that the kernel cannot count: members in the provider's own words, a cache, a file. */
  readonly isOpaque: () => boolean;
}

/** A bill that can be counted, and what had to be left out for it, a line a number. */
export interface Believed<Given extends Bill> {
  readonly bill: Given;
  readonly doubts: readonly string[];
}

/** Tokenizers differ: on no text that is common does one count so many times what another does. */
const TOKENIZER_RATIO = 8;
/** Text may come in pieces much smaller than a token, and each counts as one. */
const PIECES_A_TOKEN = 16;
/** Tokens that were not sent, but are billed: a system prompt of the provider's own, what its search has found. */
const ADDED_INPUT = 65_536;
/** Tokens of thoughts that are billed and never shown; `maxTokens` holds for them too. */
const HIDDEN_OUTPUT = 65_536;
/** Tokens that frame an answer and its calls of tools. */
const FRAME = 64;
/** A provider's own word on the cost may be so many times the cost by the config, or a dollar. */
const COST_RATIO = 100;
const LEAST_COST_USD = 1;

const PARTS = [
  ['inputTokens', ['cachedInputTokens', 'cacheWriteTokens', 'audioInputTokens']],
  ['outputTokens', ['reasoningTokens', 'audioOutputTokens']],
] as const;

/**
 * The one gate for the numbers of a core, whatever its kind, before anything is charged, stored or learnt. A count is a whole number
 * within what was sent and streamed:
 *
 *     sent / 16 <= input <= 8 sent + 65,536, at least 1
 *     streamed / 16 <= output <= 8 streamed + 64 + min(maxTokens, 65,536)
 *
 * Input that the kernel cannot count, such as a cache that the call names, may fill the context window. A part is not more than
 * its total. What does not fit is replaced by the kernel's own count, or left out, and the bill says `isEstimated`.
 */
export function believed<Given extends Bill>(bill: Given, price: Price, seen: Witnessed): Believed<Given> {
  const doubts: string[] = [];
  const { usage, costUsd, providerCostUsd } = bill;
  const input = inBounds('inputTokens', usage.inputTokens, inputBounds(seen, usage.inputTokens), doubts);
  const output = inBounds('outputTokens', usage.outputTokens, outputBounds(seen), doubts);
  const totals = { inputTokens: input ?? seen.inputTokens, outputTokens: output ?? seen.outputTokens };
  const parts = partsOf(usage, totals, doubts);
  if (!(Number.isFinite(costUsd) && costUsd >= 0)) {
    doubts.push(`costUsd: expected 0 or more US dollars, got ${costUsd}`);
  }
  let charged: Bill = bill;
  if (doubts.length > 0) {
    const known = { ...totals, ...parts };
    charged = { ...bill, usage: known, costUsd: costOf(price, known), isEstimated: true };
  }
  const mostUsd = Math.max(LEAST_COST_USD, COST_RATIO * charged.costUsd);
  if (providerCostUsd !== undefined && !(providerCostUsd >= 0 && providerCostUsd <= mostUsd)) {
    doubts.push(`providerCostUsd: expected 0 to ${mostUsd} US dollars, got ${providerCostUsd}`);
    const { providerCostUsd: _reported, ...rest } = charged;
    charged = rest;
  }
  return { bill: charged as Given, doubts };
}

type Bounds = readonly [least: number, most: number];

function inputBounds({ inputTokens: sent, contextWindow, isOpaque }: Witnessed, given: number): Bounds {
  const least = sent === 0 ? 0 : Math.max(1, Math.floor(sent / PIECES_A_TOKEN));
  const most = TOKENIZER_RATIO * sent + ADDED_INPUT;
  return [least, given > most && isOpaque() ? Math.max(most, contextWindow) : most];
}

function outputBounds({ outputTokens: streamed, maxTokens = HIDDEN_OUTPUT }: Witnessed): Bounds {
  const hidden = Math.min(HIDDEN_OUTPUT, Math.max(0, maxTokens));
  return [Math.floor(streamed / PIECES_A_TOKEN), TOKENIZER_RATIO * streamed + FRAME + hidden];
}

/** @returns undefined for a number that is out of bounds */
function inBounds(name: string, value: number, [least, most]: Bounds, doubts: string[]): number | undefined {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
  doubts.push(`${name}: expected a whole number from ${least} to ${most}, got ${value}`);
  return undefined;
}

/** The parts that can be parts of these totals. */
function partsOf(usage: TokenUsage, totals: TokenUsage, doubts: string[]): Partial<TokenUsage> {
  const parts: { -readonly [Key in keyof TokenUsage]?: number } = {};
  for (const [total, names] of PARTS) {
    for (const name of names) {
      const part = usage[name];
      const known = part === undefined ? undefined : inBounds(name, part, [0, totals[total]], doubts);
      if (known !== undefined) parts[name] = known;
    }
  }
  return parts;
}
