import { basename } from 'node:path';
import { chartFile, PLACED_NAMES } from '../render/chart.js';
import { type CostPoint, mixtureLine, qualityCostAxes } from '../render/quality-cost.js';
import { COLOURS, FAINT, INK, PREDICTOR_COLOUR } from '../render/theme.js';
import type { EvaluationReport, MeasuredReport } from './report.js';

interface Curve {
  readonly name: string;
  readonly points: readonly CostPoint[];
  readonly color: string;
  readonly dash: readonly [number, number];
}

const SOLID = [1, 0] as const;
const PREDICTOR = 'predictor';

/**
 * What the quality of each router costs, and the single models between which it chooses, as SVG. Its logarithmic axis has
 * no place for what is free.
 */
export function frontierChart(report: EvaluationReport): Promise<string> {
  const curves = curvesOf(report).filter(({ points }) => points.length > 1);
  const singles = report.singles
    .filter(({ costPer1000 }) => costPer1000 > 0)
    .map(({ model, costPer1000, quality }) => ({ name: model, cost: costPer1000, quality }));
  const band = report.band.map(({ costPer1000, low, high }) => ({ cost: costPer1000, low, high }));
  const { routed, models, split, data } = report;
  const styled = <Style>(range: (curve: Curve) => Style) =>
    ({
      field: 'name',
      scale: { domain: curves.map(({ name }) => name), range: curves.map(range) },
      legend: { title: null, orient: 'bottom', columns: 4 },
    }) as const;
  return chartFile({
    title: {
      text: 'Quality against cost',
      subtitle: [
        `${data.map((file) => basename(file)).join(', ')} (${split}), ${routed} records that all ${models.length} models answered`,
        'dots: single models; shaded: 95 % interval of the predictor; no router here knows caps',
      ],
    },
    width: 1000,
    height: 730,
    encoding: qualityCostAxes(
      { cost: 'US dollars per 1,000 queries', quality: 'mean score' },
      curves.length + singles.length + band.length === 0,
    ),
    layer: [
      {
        data: { values: band },
        mark: { type: 'area', color: PREDICTOR_COLOUR, opacity: 0.15 },
        encoding: { y: { field: 'low', type: 'quantitative' }, y2: { field: 'high' } },
      },
      {
        data: { values: curves.flatMap(({ name, points }) => points.map((point) => ({ name, ...point }))) },
        mark: { type: 'line', strokeWidth: 1.5 },
        encoding: {
          color: styled(({ color }) => color),
          strokeDash: styled(({ dash }) => [...dash]),
        },
      },
      {
        data: { values: [...(curves.find(({ name }) => name === PREDICTOR)?.points ?? [])] },
        mark: { type: 'line', strokeWidth: 3, color: PREDICTOR_COLOUR },
      },
      { data: { values: singles }, mark: { type: 'point', filled: true, opacity: 1, size: 45 } },
      { name: PLACED_NAMES, data: { values: singles }, mark: 'text', encoding: { text: { field: 'name' } } },
    ],
  });
}

/** Oracle and zero router in ink, the baselines in colours, and the predictor above them. */
function curvesOf(report: EvaluationReport): Curve[] {
  const { oracle, 'zero router': zero, 'best single': _best, cheapest: _cheapest, ...named } = report.baselines;
  const points = (measured: MeasuredReport | EvaluationReport | undefined) => drawn(measured?.routing.envelope ?? []);
  return [
    { name: 'oracle', points: points(oracle), color: INK, dash: [2, 3] },
    { name: 'zero router', points: points(zero), color: FAINT, dash: [6, 4] },
    ...Object.entries(named).map(([name, baseline], i) => ({
      name,
      points: points(baseline),
      color: COLOURS[i % COLOURS.length] as string,
      dash: SOLID,
    })),
    { name: PREDICTOR, points: points(report), color: PREDICTOR_COLOUR, dash: SOLID },
  ];
}

/** Without its flat end, where nothing is gained any more. */
function drawn(envelope: MeasuredReport['routing']['envelope']): CostPoint[] {
  const corners = envelope.filter(
    ({ costPer1000, quality }, i) => costPer1000 > 0 && quality !== envelope[i - 1]?.quality,
  );
  return mixtureLine(corners.map(({ costPer1000, quality }) => ({ cost: costPer1000, quality })));
}
