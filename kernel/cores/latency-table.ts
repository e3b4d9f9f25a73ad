import type { Price } from '../../syscalls/price.js';

/** Time of a call that runs alone. */
export interface Latency {
  /** Milliseconds to the first token, beside those that the input takes. */
  readonly ttftMs: number;
  /** Milliseconds that one input token adds to the time to the first token. */
  readonly ttftMsPerInputToken: number;
  /** Milliseconds per output token. */
  readonly tpotMs: number;
}

/**
 * Time of a model by its price. Our assumption: more expensive models are larger, hence slower. The figures are rounded to the
 * order of magnitude that public trackers showed for hosted models of 2024: a small open model writes 100 to 200
 * tokens a second and starts within 0.3 s; a flagship writes 20 to 40 and takes a second or more.
 */
const LATENCY_TIERS = [
  { tier: 'tiny', outputPerMTokUpTo: 0.3, ttftMs: 200, ttftMsPerInputToken: 0.03, tpotMs: 6 },
  { tier: 'small', outputPerMTokUpTo: 1, ttftMs: 300, ttftMsPerInputToken: 0.06, tpotMs: 10 },
  { tier: 'medium', outputPerMTokUpTo: 6, ttftMs: 400, ttftMsPerInputToken: 0.1, tpotMs: 15 },
  { tier: 'large', outputPerMTokUpTo: 20, ttftMs: 600, ttftMsPerInputToken: 0.15, tpotMs: 20 },
  { tier: 'flagship', outputPerMTokUpTo: Number.POSITIVE_INFINITY, ttftMs: 1000, ttftMsPerInputToken: 0.3, tpotMs: 35 },
] as const;

/** The time of a model of this price, by the table of tiers. */
export function latencyOf({ outputPerMTok }: Price): Latency & { readonly tier: string } {
  const row = LATENCY_TIERS.find(({ outputPerMTokUpTo }) => outputPerMTok <= outputPerMTokUpTo);
  if (row === undefined) throw new RangeError(`Expected an output price, got ${outputPerMTok}`);
  const { tier, ttftMs, ttftMsPerInputToken, tpotMs } = row;
  return { tier, ttftMs, ttftMsPerInputToken, tpotMs };
}
