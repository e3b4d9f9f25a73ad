import { brierScore, calibrationError } from '../metrics/calibration.js';
import { auc } from '../metrics/discrimination.js';
import type { Candidate, Outcomes, Statistic } from '../metrics/outcomes.js';
import type { Resamples } from '../metrics/resamples.js';
import type { EvaluationReport } from './report.js';
import type { Routers } from './routers.js';

/** What is predicted after some rated answers. */
export interface Stage {
  readonly answers: number;
  readonly predictor: Candidate;
  /** By name: what was shown the same answers. */
  readonly baselines: Readonly<Record<string, Candidate>>;
}

type StageReport = EvaluationReport['after'][number];
type GainReport = StageReport['baselines'][string]['gain'];

/** Measures the predictor and its baselines at a stage, and by how much each figure of the predictor lies above theirs. */
export function stageOf(
  { answers, predictor, baselines }: Stage,
  outcomes: Outcomes,
  routers: Routers,
  resamples: Resamples,
): StageReport {
  const own = statisticsOf(predictor, outcomes, routers);
  const measure = (candidate: Candidate, statistics: readonly Statistic[]) => ({
    ...figuresOf(statistics, resamples),
    ece: resamples.noisyFigureOf(calibrationError(outcomes, candidate.predictions)),
  });
  return {
    answers,
    predictor: measure(predictor, own),
    baselines: Object.fromEntries(
      Object.entries(baselines).map(([name, baseline]) => {
        const other = statisticsOf(baseline, outcomes, routers);
        const gain = own.map((statistic, i) => lessOf(statistic, other[i] as Statistic));
        return [name, { ...measure(baseline, other), gain: figuresOf(gain, resamples) }];
      }),
    ),
  };
}

/** In the order of `figuresOf`. A level of quality that a router does not reach is a saving of 0: all calls on the best model. */
function statisticsOf(candidate: Candidate, outcomes: Outcomes, routers: Routers): Statistic[] {
  const { predictions } = candidate;
  const saving = routers.savings(routers.sweep(candidate));
  return [
    auc(outcomes, predictions),
    brierScore(outcomes, predictions),
    (weights) => Math.max(0, saving(weights)['0.98'] ?? 0),
    (weights) => Math.max(0, saving(weights)['0.95'] ?? 0),
  ];
}

function figuresOf(statistics: readonly Statistic[], resamples: Resamples): GainReport {
  const [auc = null, brier = null, most = null, more = null] = resamples.figuresOf((weights) =>
    statistics.map((statistic) => statistic(weights)),
  );
  return { auc, brier, savingAt: { '0.98': most, '0.95': more } };
}

function lessOf(own: Statistic, other: Statistic): Statistic {
  return (weights) => {
    const [a, b] = [own(weights), other(weights)];
    return a === null || b === null ? null : a - b;
  };
}
