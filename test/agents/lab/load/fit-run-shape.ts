import type { LogNormalShape, RunShape } from '../../../../agents/lab/load/run-shape.js';

/** One recorded run: the tokens of each LLM call, and whether its answer was a tool call. */
export interface RecordedRun {
  readonly calls: readonly { readonly in: number; readonly out: number; readonly tool: boolean }[];
}

/** Fits the shape by moments: of the logarithm for log-normals, of the value for the gamma. */
export function fitRunShape(runs: readonly RecordedRun[]): RunShape {
  const lengths = runs.map((run) => run.calls.length);
  const calls = runs.flatMap((run) => run.calls);
  const steps = runs.flatMap(({ calls }) =>
    calls.slice(1).map((next, i) => {
      const last = calls[i] as RecordedRun['calls'][number];
      return { afterTool: last.tool, tool: next.tool, added: next.in - last.in - last.out };
    }),
  );
  const added = (afterTool: boolean) => steps.filter((s) => s.afterTool === afterTool).map((s) => s.added);
  const toolShare = (afterTool: boolean) =>
    mean(steps.filter((s) => s.afterTool === afterTool).map((s) => Number(s.tool)));
  const result = { mean: mean(added(true)), variance: variance(added(true)) };
  return {
    calls: { ...logNormalFit(lengths), least: Math.min(...lengths), most: Math.max(...lengths) },
    firstInputTokens: Math.round(mean(runs.map((run) => run.calls[0]?.in ?? 0))),
    toolAfterText: toolShare(false),
    toolAfterTool: toolShare(true),
    textTokens: logNormalFit(calls.filter((call) => !call.tool).map((call) => call.out)),
    toolCallTokens: logNormalFit(calls.filter((call) => call.tool).map((call) => call.out)),
    userTokens: logNormalFit(added(false)),
    toolResultTokens: { shape: result.mean ** 2 / result.variance, scale: result.variance / result.mean },
  };
}

function logNormalFit(values: readonly number[]): LogNormalShape {
  const logs = values.map(Math.log);
  return { mu: mean(logs), sigma: Math.sqrt(variance(logs)) };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function variance(values: readonly number[]): number {
  const center = mean(values);
  return mean(values.map((value) => (value - center) ** 2));
}
