import { basename } from 'node:path';
import { COLOURS, FAINT, INK, LEGEND, PREDICTOR_COLOUR, renderSvg } from '../render/chart.js';
import { placeLabels } from '../render/label-places.js';
import { type CostPoint, PlotArea } from '../render/plot-area.js';
import type { EvaluationReport, MeasuredReport } from './report.js';

const SIZE = { width: 1000, height: 730 };

interface Curve {
  readonly name: string;
  readonly points: readonly CostPoint[];
  readonly color: string;
  readonly type: 'solid' | 'dashed' | 'dotted';
  readonly width: number;
}

/**
 * What each router's quality costs, and the single models between which it chooses, as SVG. On its logarithmic axis is
 * nothing that is free.
 */
export function frontierChart(report: EvaluationReport): string {
  const curves = curvesOf(report).filter(({ points }) => points.length > 1);
  const singles = report.singles.filter(({ costPer1000 }) => costPer1000 > 0);
  const dots = singles.map(({ costPer1000, quality }): CostPoint => [costPer1000, quality]);
  const band = outlineOf(report.band);
  const area = new PlotArea([...dots, ...band, ...curves.flatMap(({ points }) => points)], SIZE);
  const places = placeLabels(
    singles.map(({ model }, i) => ({ ...area.spotOf(dots[i] as CostPoint), text: model })),
    curves.map(({ points }) => points.map((point) => area.spotOf(point))),
    area.room,
  );
  const { routed, models, split, data } = report;
  const files = data.map((file) => basename(file)).join(', ');
  return renderSvg(
    {
      title: {
        text: 'Quality against cost',
        subtext: `${files} (${split}), ${routed} records that all ${models.length} models answered; shaded: 95 % interval of the predictor`,
        left: 'center',
      },
      legend: { ...LEGEND, data: [...curves.map(({ name }) => name), 'single models'] },
      grid: area.margin,
      xAxis: {
        type: 'log',
        name: 'US dollars per 1,000 queries',
        nameLocation: 'middle',
        nameGap: 36,
        min: area.cost.min,
        max: area.cost.max,
        axisTick: { customValues: area.cost.ticks },
        axisLabel: { customValues: area.cost.ticks },
      },
      yAxis: { type: 'value', ...area.quality, name: 'mean score', nameLocation: 'middle', nameGap: 46 },
      series: [
        {
          type: 'custom',
          silent: true,
          data: band.slice(0, 1),
          renderItem: (_: unknown, { coord }: { coord(point: CostPoint): number[] }) => ({
            type: 'polygon',
            shape: { points: band.map((point) => coord(point)) },
            style: { fill: PREDICTOR_COLOUR, opacity: 0.15 },
          }),
        },
        ...curves.map(({ name, points, color, type, width }) => ({
          name,
          type: 'line',
          symbol: 'none',
          data: points,
          color,
          lineStyle: { type, width },
        })),
        {
          name: 'single models',
          type: 'scatter',
          color: INK,
          symbolSize: 7,
          z: 6,
          data: singles.map(({ model }, i) => ({ name: model, value: dots[i], label: places[i] })),
          label: { show: true, position: 'inside', formatter: '{b}', fontSize: 11, color: INK },
        },
      ],
    },
    SIZE,
  );
}

/** Oracle and zero router in ink, the baselines in colours, and the predictor above them. */
function curvesOf(report: EvaluationReport): Curve[] {
  const { oracle, 'zero router': zero, 'best single': _best, cheapest: _cheapest, ...named } = report.baselines;
  const curve = (
    name: string,
    measured: MeasuredReport | EvaluationReport | undefined,
    stroke: Pick<Curve, 'color' | 'type' | 'width'>,
  ) => ({
    name,
    points: drawn(measured?.routing.envelope ?? []),
    ...stroke,
  });
  return [
    curve('oracle', oracle, { color: INK, type: 'dotted', width: 1.5 }),
    curve('zero router', zero, { color: FAINT, type: 'dashed', width: 1.5 }),
    ...Object.entries(named).map(([name, baseline], i) =>
      curve(name, baseline, { color: COLOURS[i % COLOURS.length] as string, type: 'solid', width: 1.5 }),
    ),
    curve('predictor', report, { color: PREDICTOR_COLOUR, type: 'solid', width: 3 }),
  ];
}

/** Straight on a linear axis, an envelope is curved on this one: so many steps to each corner are fine enough for the eye. */
const STEPS = 12;

/** Without its flat end, where nothing is gained any more. */
function drawn(envelope: MeasuredReport['routing']['envelope']): CostPoint[] {
  const corners = envelope.filter(
    ({ costPer1000, quality }, i) => costPer1000 > 0 && quality !== envelope[i - 1]?.quality,
  );
  return corners.flatMap((corner, i) => {
    const next = corners[i + 1] ?? corner;
    return Array.from(
      { length: next === corner ? 1 : STEPS },
      (_, step): CostPoint => [
        corner.costPer1000 + (step / STEPS) * (next.costPer1000 - corner.costPer1000),
        corner.quality + (step / STEPS) * (next.quality - corner.quality),
      ],
    );
  });
}

/** Along the upper ends and back along the lower ones. */
function outlineOf(band: EvaluationReport['band']): CostPoint[] {
  return [
    ...band.map(({ costPer1000, high }): CostPoint => [costPer1000, high]),
    ...band.toReversed().map(({ costPer1000, low }): CostPoint => [costPer1000, low]),
  ];
}
