import { COLOURS, FAINT, LEGEND, MARGIN, PREDICTOR_COLOUR, renderSvg } from '../render/chart.js';
import type { EvaluationReport, MeasuredReport } from './report.js';

const SIZE = { width: 720, height: 790 };

/** Predicted against observed quality in ten bins of equal count: on the diagonal, predictions come true. */
export function reliabilityChart(report: EvaluationReport): string {
  const count = Math.round(report.reliability.reduce((sum, bin) => sum + bin.count, 0));
  const others = Object.entries(report.baselines).filter(([, { reliability }]) => reliability.length > 0);
  return renderSvg(
    {
      title: {
        text: 'Predicted and observed quality',
        subtext: `${count} predictions for ${report.models.length} models in 10 bins of ${Math.round(count / 10)}`,
        left: 'center',
      },
      legend: LEGEND,
      grid: MARGIN,
      xAxis: axis('mean predicted quality'),
      yAxis: axis('mean observed score'),
      series: [
        {
          name: 'perfectly calibrated',
          type: 'line',
          data: [
            [0, 0],
            [1, 1],
          ],
          symbol: 'none',
          color: FAINT,
          lineStyle: { type: 'dashed', color: FAINT, width: 1.5 },
        },
        ...others.map(([name, { reliability }], i) => ({
          ...bins(name, reliability, COLOURS[i % COLOURS.length] as string),
          symbol: 'emptyCircle',
          lineStyle: { width: 1, opacity: 0.6 },
        })),
        { ...bins('predictor', report.reliability, PREDICTOR_COLOUR), symbol: 'circle', symbolSize: 9, z: 5 },
      ],
    },
    SIZE,
  );
}

function bins(name: string, reliability: MeasuredReport['reliability'], color: string) {
  return {
    name,
    type: 'line',
    data: reliability.map(({ predicted, observed }) => [predicted, observed]),
    symbolSize: 7,
    color,
  };
}

function axis(name: string) {
  return { type: 'value', min: 0, max: 1, interval: 0.2, name, nameLocation: 'middle', nameGap: 36 };
}
