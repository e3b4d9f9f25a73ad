import { digits, renderColumns } from '../../terminal/table.js';
import type { Figure } from '../metrics/statistics.js';
import type { EvaluationReport, MeasuredReport } from './report.js';

interface Row {
  readonly label: string;
  readonly figure: (measured: MeasuredReport) => Figure | null;
  /** How many of the figure's units are one of those shown. */
  readonly unit?: number;
}

const PERCENT = 0.01;

/** What the table shows, from top to bottom. */
const ROWS: readonly Row[] = [
  { label: 'AUC', figure: ({ auc }) => auc },
  { label: 'calibration error (ECE)', figure: ({ ece }) => ece },
  { label: 'Brier score', figure: ({ brier }) => brier },
  { label: 'tokens: R2 of the log', figure: ({ tokens }) => tokens.r2Log },
  { label: 'tokens: p90 coverage', figure: ({ tokens }) => tokens.p90Coverage },
  { label: 'saving at 100 % of best, %', figure: ({ routing }) => routing.savingAt['1.00'], unit: PERCENT },
  { label: 'saving at 98 % of best, %', figure: ({ routing }) => routing.savingAt['0.98'], unit: PERCENT },
  { label: 'saving at 95 % of best, %', figure: ({ routing }) => routing.savingAt['0.95'], unit: PERCENT },
  { label: 'AIQ less zero router', figure: ({ routing }) => routing.aiqMinusZero },
  { label: 'highest quality', figure: ({ routing }) => routing.topQuality },
  { label: '  USD per 1,000 queries', figure: ({ routing }) => routing.topCostPer1000 },
  { label: 'prediction p50, ms', figure: ({ predictMs }) => predictMs.p50 },
  { label: 'prediction p99, ms', figure: ({ predictMs }) => predictMs.p99 },
];

/**
 * The report as text: what was evaluated, then the predictor and each baseline in a column, in as many blocks as the
 * width needs.
 *
 * @param all records of the file @param width of the terminal, in characters
 */
export function renderEvaluation(report: EvaluationReport, all: number, width: number): string {
  const { data, split, folds, feedback, models, n, routed, leftOut, resamples } = report;
  const how = folds === null ? split : `${split}, ${folds}-fold cross-validation`;
  const columns = [['predictor', report] as const, ...Object.entries(report.baselines)].map(([name, measured]) => [
    name,
    ...ROWS.map(({ figure, unit = 1 }) => show(figure(measured), unit)),
  ]);
  return [
    `data     ${data.join(', ')} (${how}), ${n} of ${all} records (${((100 * n) / Math.max(1, all)).toFixed(0)} %), ${models.length} models`,
    ...feedbackLines(feedback),
    `routing  ${routed} records that all models answered, ${leftOut} left out; no caps; best single = most accurate on these records`,
    `[95 % interval] from ${resamples} resamples of the records`,
    '',
    renderColumns(['', ...ROWS.map(({ label }) => label)], columns, width),
    ...report.after.flatMap((stage) => ['', ...stageLines(stage, width)]),
  ].join('\n');
}

type StageReport = EvaluationReport['after'][number];
/** A gain has no calibration error: that of two predictors cannot be paired. */
type StageFigures = StageReport['baselines'][string]['gain'] & Partial<Pick<StageReport['predictor'], 'ece'>>;

const STAGE_ROWS: readonly {
  readonly label: string;
  readonly figure: (of: StageFigures) => Figure | null | undefined;
  readonly unit?: number;
}[] = [
  { label: 'AUC', figure: ({ auc }) => auc },
  { label: 'calibration error (ECE)', figure: ({ ece }) => ece },
  { label: 'Brier score', figure: ({ brier }) => brier },
  { label: 'saving at 98 % of best, %', figure: ({ savingAt }) => savingAt['0.98'], unit: PERCENT },
  { label: 'saving at 95 % of best, %', figure: ({ savingAt }) => savingAt['0.95'], unit: PERCENT },
];

function stageLines({ answers, predictor, baselines }: StageReport, width: number): string[] {
  const column = (name: string, of: StageFigures) => [
    name,
    ...STAGE_ROWS.map(({ figure, unit = 1 }) => {
      const value = figure(of);
      return value === undefined ? '' : show(value, unit);
    }),
  ];
  const columns = [
    column('predictor', predictor),
    ...Object.entries(baselines).flatMap(([name, baseline]) => [
      column(name, baseline),
      column('predictor less these', baseline.gain),
    ]),
  ];
  return [
    `after ${answers} rated answers, one a record, cores in turn; a quality that is not reached is a saving of 0`,
    renderColumns(['', ...STAGE_ROWS.map(({ label }) => label)], columns, width),
  ];
}

function show(figure: Figure | null, unit: number): string {
  if (figure === null) return 'null';
  const { mean, low, high } = figure;
  const end = (value: number | null) => (value === null ? 'null' : digits(value / unit));
  return low === null && high === null ? end(mean) : `${end(mean)} [${end(low)}, ${end(high)}]`;
}

/** None where no feedback was asked for. */
function feedbackLines({ asked, learnt }: EvaluationReport['feedback']): string[] {
  if (asked === 0) return [];
  const short = `, of ${asked} asked for: the predictor was trained on all the others, which are those measured`;
  return [`feedback ${learnt} rated records learnt from first, not measured${learnt < asked ? short : ''}`];
}
