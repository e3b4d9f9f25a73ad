import { chartFile } from '../render/chart.js';
import { COLOURS, FAINT, PREDICTOR_COLOUR } from '../render/theme.js';
import type { EvaluationReport } from './report.js';

const PERFECT = 'perfectly calibrated';

/** Predicted against observed quality in ten bins of equal count: on the diagonal, predictions come true. */
export function reliabilityChart(report: EvaluationReport): Promise<string> {
  const count = Math.round(report.reliability.reduce((sum, bin) => sum + bin.count, 0));
  const others = Object.entries(report.baselines).filter(([, { reliability }]) => reliability.length > 0);
  const curves = [
    { name: PERFECT, bins: [0, 1].map((at) => ({ predicted: at, observed: at })), color: FAINT },
    ...others.map(([name, { reliability }], i) => ({
      name,
      bins: reliability,
      color: COLOURS[i % COLOURS.length] as string,
    })),
    { name: 'predictor', bins: report.reliability, color: PREDICTOR_COLOUR },
  ];
  const axis = { type: 'quantitative' as const, scale: { domain: [0, 1] }, axis: { tickCount: 5 } };
  const names = curves.map(({ name }) => name);
  return chartFile({
    title: {
      text: 'Predicted and observed quality',
      subtitle: `${count} predictions for ${report.models.length} models in 10 bins of ${Math.round(count / 10)}`,
    },
    width: 720,
    height: 790,
    data: {
      values: curves.flatMap(({ name, bins }) =>
        bins.map(({ predicted, observed }) => ({ name, predicted, observed })),
      ),
    },
    encoding: {
      x: { field: 'predicted', title: 'mean predicted quality', ...axis },
      y: { field: 'observed', title: 'mean observed score', ...axis },
      color: {
        field: 'name',
        scale: { domain: names, range: curves.map(({ color }) => color) },
        legend: { title: null, orient: 'bottom', columns: 3 },
      },
    },
    layer: [
      {
        mark: 'line',
        encoding: {
          strokeDash: {
            field: 'name',
            scale: { domain: names, range: names.map((name) => (name === PERFECT ? [6, 4] : [1, 0])) },
            legend: { title: null, orient: 'bottom', columns: 3 },
          },
        },
      },
      {
        transform: [{ filter: { not: { field: 'name', equal: PERFECT } } }],
        mark: { type: 'point', filled: true, size: 50, opacity: 1 },
      },
    ],
  });
}
