import { renderTable } from '../../terminal/table.js';
import { digits } from '../compare/columns.js';
import type { Figure } from '../compare/statistics.js';
import type { BatchReport, Gate, Point } from './report.js';

const QUERIES = 1000;
const PERCENT = 100;

/** What a figure counts, by where policies are compared. */
const UNITS: Readonly<Record<Gate['at'], { readonly label: string; readonly factor: number }>> = {
  cost: { label: 'points more right at equal cost', factor: 1 },
  quality: { label: '% saved at equal quality', factor: PERCENT },
  alpha: { label: '% dearer at equal predicted quality', factor: PERCENT },
};

/** The report as text: what was played, each comparison on a line, then cost and quality of each policy at each setting. */
export function renderBatches(report: BatchReport): string {
  const { data, models, records, leftOut, folds, batch, caps, seed, resamples, points, gates } = report;
  const slots =
    caps === null
      ? 'no caps'
      : Object.entries(caps)
          .map(([model, cap]) => `${model} x${cap}`)
          .join(', ');
  return [
    `data     ${data.join(', ')}: ${records} records that all of ${models.length} models answered, ${leftOut} left out`,
    `batches  ${batch === null ? 'all calls at once' : `${batch} calls`}, all slots free at the start of each; ${slots}`,
    `predicted by nets of ${folds} folds that have not seen the record; order seed ${seed}; every answer is judged`,
    `[95 % interval] from ${resamples} resamples of the records, each played anew`,
    '',
    renderTable(
      ['GATE', 'ECCOS AGAINST', 'FIGURE', ''],
      gates.map(({ name, against, at, figure }) => [name, against, show(figure, UNITS[at].factor), UNITS[at].label]),
    ),
    renderTable(['POLICY', 'SETTING', 'QUALITY', 'PREDICTED', 'USD PER 1,000'], points.map(rowOf)),
  ].join('\n');
}

function rowOf({ policy, setting, quality, predictedQuality, costUsd }: Point): string[] {
  return [
    policy,
    setting === null ? '-' : String(setting),
    quality.toFixed(4),
    predictedQuality === null ? '-' : predictedQuality.toFixed(4),
    digits(QUERIES * costUsd),
  ];
}

function show(figure: Figure | null, factor: number): string {
  if (figure === null) return 'null';
  const text = (value: number | null) => (value === null ? 'null' : digits(factor * value));
  return `${text(figure.mean)} [${text(figure.low)}, ${text(figure.high)}]`;
}
