import { type Figure, figureOf, type Group, groupedMean, ratioOf, sumOf } from '../metrics/statistics.js';
import { countEnds, measure, type Percentiles, type Trial, type TrialCounts, type TrialMetrics } from './metrics.js';
import { addUpFaults } from './policy-faults.js';
import type { PairedReport, PolicyReport } from './report.js';
import type { BoundFigures } from './seed-bounds.js';

/** What is kept of a trial: not its calls. */
export interface TrialSummary {
  readonly metrics: TrialMetrics;
  readonly counts: TrialCounts;
  readonly capViolations: number;
  readonly fallbacks: number;
  readonly faults: Trial['faults'];
  readonly invalidAssignments: number;
  readonly alpha: Trial['alpha'];
  readonly overhead: Trial['overhead'];
  readonly totals: PolicyReport['totals'];
  /** Scores of the calls by prompt. */
  readonly scores: ReadonlyMap<string, Group>;
}

export function summarise(trial: Trial): TrialSummary {
  const { calls, capViolations, fallbacks, faults, invalidAssignments, alpha, overhead } = trial;
  return {
    metrics: measure(trial),
    counts: countEnds(trial),
    capViolations,
    fallbacks,
    faults,
    invalidAssignments,
    alpha,
    overhead,
    totals: {
      calls: calls.length,
      score: sumOf(calls.map((call) => call.score)),
      costUsd: sumOf(calls.map((call) => call.costUsd)),
    },
    scores: addGroups(calls.map(({ promptId, score }) => [promptId, { count: 1, sum: score }])),
  };
}

/** One policy over its seeds. @param bounds one a seed; none: no policy predicts */
export function policyReportOf(
  name: string,
  trials: readonly TrialSummary[],
  bounds: readonly BoundFigures[] = [],
): PolicyReport {
  const figure = (value: (metrics: TrialMetrics) => number | null) =>
    figureOf(trials.map(({ metrics }) => value(metrics)));
  const spread = (value: (metrics: TrialMetrics) => Percentiles) => ({
    p50: figure((metrics) => value(metrics).p50),
    p90: figure((metrics) => value(metrics).p90),
    p99: figure((metrics) => value(metrics).p99),
  });
  const total = (value: (trial: TrialSummary) => number) => trials.reduce((sum, trial) => sum + value(trial), 0);
  const alpha = trials[0]?.alpha ?? null;
  const totals = {
    calls: total((trial) => trial.totals.calls),
    score: sumOf(trials.map((trial) => trial.totals.score)),
    costUsd: sumOf(trials.map((trial) => trial.totals.costUsd)),
  };
  return {
    name,
    quality: figure((metrics) => metrics.quality),
    predictedQuality: figure((metrics) => metrics.predictedQuality),
    alpha,
    pointsOverAlpha: alpha === null ? null : pointsOver(alpha, trials),
    worstWindow: figure((metrics) => metrics.worstWindow),
    costUsd: figure((metrics) => metrics.costUsd),
    costPerCorrect: figure((metrics) => metrics.costPerCorrect),
    waitingMs: spread((metrics) => metrics.waitingMs),
    turnaroundMs: spread((metrics) => metrics.turnaroundMs),
    meanTurnaroundMs: figure((metrics) => metrics.meanTurnaroundMs),
    ttftMs: spread((metrics) => metrics.ttftMs),
    runTurnaroundMs: spread((metrics) => metrics.runTurnaroundMs),
    throughputPerS: figure((metrics) => metrics.throughputPerS),
    makespanS: figure((metrics) => metrics.makespanS),
    jain: figure((metrics) => metrics.jain),
    backlog: figure((metrics) => metrics.backlog),
    bound: boundReportOf(trials, bounds),
    reprefillTokens: figure((metrics) => metrics.reprefillTokens),
    capViolations: total((trial) => trial.capViolations),
    fallbacks: total((trial) => trial.fallbacks),
    faults: addUpFaults(trials.flatMap((trial) => trial.faults)),
    invalidAssignments: total((trial) => trial.invalidAssignments),
    lost: total((trial) => trial.counts.lost),
    failed: total((trial) => trial.counts.failed),
    expired: total((trial) => trial.counts.expired),
    cancelled: total((trial) => trial.counts.cancelled),
    rejected: total((trial) => trial.counts.rejected),
    decisionMs: {
      p50: figureOf(trials.map((trial) => trial.overhead?.p50 ?? null)),
      p99: figureOf(trials.map((trial) => trial.overhead?.p99 ?? null)),
    },
    overheadMsPerCall: figureOf(trials.map((trial) => trial.overhead?.perCallMs ?? null)),
    overheadShare: figureOf(trials.map((trial) => trial.overhead?.share ?? null)),
    totals,
  };
}

/** Points that the mean score of all calls lies above alpha; the calls of one prompt are a group, of whatever seeds. */
function pointsOver(alpha: number, trials: readonly TrialSummary[]): Figure | null {
  const mean = groupedMean([...addGroups(trials.flatMap(({ scores }) => [...scores])).values()]);
  const points = (quality: number | null) => (quality === null ? null : 100 * (quality - alpha));
  return mean && { mean: 100 * (mean.mean - alpha), low: points(mean.low), high: points(mean.high) };
}

/** Groups by name, those of one name added up. */
function addGroups(groups: Iterable<readonly [name: string, Group]>): Map<string, Group> {
  const sums = new Map<string, Group>();
  for (const [name, { count, sum }] of groups) {
    const before = sums.get(name) ?? { count: 0, sum: 0 };
    sums.set(name, { count: before.count + count, sum: before.sum + sum });
  }
  return sums;
}

function boundReportOf(trials: readonly TrialSummary[], bounds: readonly BoundFigures[]): PolicyReport['bound'] {
  const figure = (value: (bound: BoundFigures, trial: TrialMetrics) => number | null) =>
    figureOf(bounds.map((bound, i) => value(bound, (trials[i] as TrialSummary).metrics)));
  return {
    forecastQuality: figure((bound) => bound.forecastQuality),
    costUsd: figure((bound) => bound.boundUsd),
    costOver: figure((bound, { costUsd }) => ratioOf(costUsd, bound.boundUsd)),
  };
}

/** A policy by comparison with the base; both have the same seeds in the same order. */
export function pairedReportOf(
  [policy, trials]: readonly [string, readonly TrialSummary[]],
  [base, baseTrials]: readonly [string, readonly TrialSummary[]],
): PairedReport {
  const paired = (compare: (own: TrialMetrics, other: TrialMetrics) => number | null): Figure | null =>
    figureOf(trials.map(({ metrics }, i) => compare(metrics, (baseTrials[i] as TrialSummary).metrics)));
  return {
    policy,
    base,
    qualityPoints: paired((own, other) => 100 * (own.quality - other.quality)),
    costShare: paired((own, other) => ratioOf(own.costUsd, other.costUsd)),
    turnaroundShare: paired((own, other) => ratioOf(own.meanTurnaroundMs, other.meanTurnaroundMs)),
  };
}
