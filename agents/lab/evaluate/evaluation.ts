import { brierScore, calibrationError, reliability } from '../metrics/calibration.js';
import { auc } from '../metrics/discrimination.js';
import { type Candidate, type Outcomes, onceEach } from '../metrics/outcomes.js';
import { Resamples } from '../metrics/resamples.js';
import { type Figure, quantilesOf } from '../metrics/statistics.js';
import { logTokensR2, p90Coverage } from '../metrics/token-figures.js';
import type { EvaluationReport, MeasuredReport } from './report.js';
import { Routers } from './routers.js';
import { type Stage, stageOf } from './stages.js';

export interface Evaluation
  extends Pick<EvaluationReport, 'command' | 'data' | 'split' | 'folds' | 'feedback' | 'models'> {
  readonly outcomes: Outcomes;
  /** Fold of each record. @default all of one */
  readonly groups?: ArrayLike<number>;
  readonly predictor: Candidate;
  /** By name. Those that need no predictions are added. */
  readonly baselines: Readonly<Record<string, Candidate>>;
  /** After some rated answers. @default none */
  readonly stages?: readonly Stage[];
  /** @default 1,000 */
  readonly resamples?: number;
}

const RESAMPLES = 1000;

/** Everything that is measured of a predictor, beside the baselines on the same records and the same resamples. */
export function evaluationOf({
  outcomes,
  groups,
  predictor,
  baselines,
  stages = [],
  resamples: count = RESAMPLES,
  ...about
}: Evaluation): EvaluationReport {
  const resamples = new Resamples(outcomes.records, count);
  const routers = new Routers(outcomes, resamples);
  const on = { data: about.data, models: about.models, n: outcomes.records };
  const measure = (candidate: Candidate): MeasuredReport => ({
    ...on,
    ...predictionFigures(outcomes, groups, candidate, resamples),
    gamma: candidate.gamma ?? 1,
    routing: routers.measure(routers.sweep(candidate)),
  });
  const unpredicted = (router: keyof Routers['references']): MeasuredReport => ({
    ...on,
    ...NOT_PREDICTED,
    routing: routers.measure(routers.references[router]),
  });
  return {
    command: about.command,
    split: about.split,
    folds: about.folds,
    feedback: about.feedback,
    routed: routers.records,
    leftOut: outcomes.records - routers.records,
    resamples: count,
    singles: routers.singles.map(({ model, costPer1000, quality }) => ({
      model: about.models[model] as string,
      costPer1000,
      quality,
    })),
    ...measure(predictor),
    band: routers.band(routers.sweep(predictor)),
    baselines: {
      'zero router': unpredicted('zeroRouter'),
      ...Object.fromEntries(Object.entries(baselines).map(([name, baseline]) => [name, measure(baseline)])),
      'best single': unpredicted('bestSingle'),
      cheapest: unpredicted('cheapest'),
      oracle: unpredicted('oracle'),
    },
    after: stages.map((stage) => stageOf(stage, outcomes, routers, resamples)),
  };
}

type PredictionFigures = Omit<MeasuredReport, 'data' | 'models' | 'n' | 'routing' | 'gamma'>;

const NOT_PREDICTED: Omit<MeasuredReport, 'data' | 'models' | 'n' | 'routing'> = {
  auc: null,
  ece: null,
  brier: null,
  tokens: { r2Log: null, p90Coverage: null },
  gamma: null,
  predictMs: { p50: null, p99: null },
  reliability: [],
};

function predictionFigures(
  outcomes: Outcomes,
  groups: ArrayLike<number> | undefined,
  { predictions, predictMs = [] }: Candidate,
  resamples: Resamples,
): PredictionFigures {
  const [brier, r2Log, coverage, area] = [
    brierScore(outcomes, predictions),
    logTokensR2(outcomes, predictions),
    p90Coverage(outcomes, predictions),
    auc(outcomes, predictions, groups),
  ].map((statistic) => resamples.figureOf(statistic)) as [Figure | null, Figure | null, Figure | null, Figure | null];
  const [p50 = null, p99 = null] = quantilesOf(predictMs, [0.5, 0.99]);
  return {
    auc: area,
    ece: resamples.noisyFigureOf(calibrationError(outcomes, predictions)),
    brier,
    tokens: { r2Log, p90Coverage: coverage },
    predictMs: { p50: plain(p50), p99: plain(p99) },
    reliability: [...reliability(outcomes, predictions)(onceEach(outcomes.records))],
  };
}

/** A figure without an interval. */
function plain(mean: number | null): Figure | null {
  return mean === null ? null : { mean, low: null, high: null };
}
