import { basename } from 'node:path';
import { COLOURS, FAINT, INK, PREDICTOR_COLOUR, renderSvg } from './chart.js';
import type { EvaluationReport, MeasuredReport } from './report.js';

const SIZE = { width: 1000, height: 680 };

/** Baselines that have a style of their own, or are points that the single models show already. */
const ORACLE = 'oracle';
const ZERO = 'zero router';
const POINTS: readonly string[] = ['best single', 'cheapest'];

/** What each router's quality costs, with the single models between which it chooses. The cost axis is logarithmic, so that free points are not on it. */
export function frontierChart(report: EvaluationReport): string {
  const named = Object.entries(report.baselines).filter(([name]) => ![ORACLE, ZERO, ...POINTS].includes(name));
  const { [ORACLE]: oracle, [ZERO]: zero } = report.baselines;
  return renderSvg(
    {
      title: {
        text: 'Quality against cost',
        subtext: `${report.data.map((file) => basename(file)).join(', ')}: ${report.routed} records that all ${report.models.length} models answered (${report.split}); band: 95 % interval`,
        left: 'center',
      },
      legend: { bottom: 8 },
      grid: { left: 70, right: 40, top: 70, bottom: 100 },
      xAxis: {
        type: 'log',
        name: 'US dollars per 1,000 queries',
        nameLocation: 'middle',
        nameGap: 36,
        min: 'dataMin',
      },
      yAxis: { type: 'value', scale: true, name: 'mean score', nameLocation: 'middle', nameGap: 46 },
      series: [
        ...bandSeries(report.band),
        ...(oracle === undefined ? [] : [line(ORACLE, oracle, { color: INK, type: 'dotted', width: 1.5 })]),
        ...(zero === undefined ? [] : [line(ZERO, zero, { color: FAINT, type: 'dashed', width: 1.5 })]),
        ...named.map(([name, baseline], i) =>
          line(name, baseline, { color: COLOURS[i % COLOURS.length] as string, type: 'solid', width: 1.5 }),
        ),
        line('predictor', report, { color: PREDICTOR_COLOUR, type: 'solid', width: 3 }),
        {
          name: 'single models',
          type: 'scatter',
          color: INK,
          symbolSize: 7,
          z: 6,
          data: report.singles
            .filter(({ costPer1000 }) => costPer1000 > 0)
            .map(({ model, costPer1000, quality }) => ({ name: model, value: [costPer1000, quality] })),
          label: { show: true, formatter: '{b}', position: 'right', fontSize: 11, color: INK },
          labelLayout: { moveOverlap: 'shiftY' },
        },
      ],
    },
    SIZE,
  );
}

interface Stroke {
  readonly color: string;
  readonly type: 'solid' | 'dashed' | 'dotted';
  readonly width: number;
}

/** Straight on a linear axis, an envelope is curved on this one: the corners are joined by steps fine enough for the eye. */
const STEPS = 12;

function line(name: string, { routing: { envelope } }: Pick<MeasuredReport, 'routing'>, lineStyle: Stroke) {
  const corners = envelope.filter(({ costPer1000 }) => costPer1000 > 0);
  const data = corners.flatMap((corner, i) => {
    const next = corners[i + 1];
    if (next === undefined) return [[corner.costPer1000, corner.quality]];
    return Array.from({ length: STEPS }, (_, step) => [
      corner.costPer1000 + (step / STEPS) * (next.costPer1000 - corner.costPer1000),
      corner.quality + (step / STEPS) * (next.quality - corner.quality),
    ]);
  });
  return { name, type: 'line', showSymbol: false, data, color: lineStyle.color, lineStyle };
}

function bandSeries(band: EvaluationReport['band']) {
  if (band.length === 0) return [];
  const outline = [
    ...band.map(({ costPer1000, high }) => [costPer1000, high]),
    ...band.toReversed().map(({ costPer1000, low }) => [costPer1000, low]),
  ] as [number, number][];
  return [
    {
      type: 'custom',
      silent: true,
      data: outline,
      renderItem: (params: { readonly dataIndex: number }, api: { coord(point: readonly number[]): number[] }) =>
        params.dataIndex > 0
          ? undefined
          : {
              type: 'polygon',
              shape: { points: outline.map((point) => api.coord(point)) },
              style: { fill: PREDICTOR_COLOUR, opacity: 0.15 },
            },
    },
  ];
}
