/** A log-normal distribution: mean and standard deviation of the logarithm. */
export interface LogNormalShape {
  readonly mu: number;
  readonly sigma: number;
}

/**
 * The shape of a tool-calling agent's run, in tokens: fitted once to the 200 airline runs of tau-bench (sierra-research, MIT).
 * `npx vitest run test/agents/load/run-shape.test.ts` fits it again and compares.
 */
export interface RunShape {
  readonly calls: LogNormalShape & { readonly least: number; readonly most: number };
  /** Input of the first call: instructions and task. Hardly varies. */
  readonly firstInputTokens: number;
  /** Probability that the answer is a tool call, after a text and after a tool call; the first answer is a text. */
  readonly toolAfterText: number;
  readonly toolAfterTool: number;
  readonly textTokens: LogNormalShape;
  readonly toolCallTokens: LogNormalShape;
  /** What the user's next message adds to the input, beside the answer before it. */
  readonly userTokens: LogNormalShape;
  /** What a tool's result adds: gamma. */
  readonly toolResultTokens: { readonly shape: number; readonly scale: number };
}

export const AIRLINE_RUN: RunShape = {
  calls: { mu: 2.369, sigma: 0.54, least: 2, most: 30 },
  firstInputTokens: 1269,
  toolAfterText: 0.497,
  toolAfterTool: 0.535,
  textTokens: { mu: 4.089, sigma: 0.668 },
  toolCallTokens: { mu: 4.306, sigma: 0.393 },
  userTokens: { mu: 3.113, sigma: 0.444 },
  toolResultTokens: { shape: 0.737, scale: 328.791 },
};
