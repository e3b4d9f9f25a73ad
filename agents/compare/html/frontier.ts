import { INK, renderSvg } from '../../charts/chart.js';
import { placeLabels } from '../../charts/label-places.js';
import { type CostPoint, PlotArea } from '../../charts/plot-area.js';
import type { CompareReport, PolicyReport } from '../report.js';
import type { Figure } from '../statistics.js';
import { AXIS, type Places } from './axes.js';
import { chartFigure } from './chart-figure.js';
import { score, usd } from './format.js';
import { html, type Markup } from './markup.js';

const SIZE = { width: 1000, height: 520 };
const MARGIN = { left: 64, right: 110, top: 16, bottom: 56 } as const;

interface PolicyPoint {
  readonly name: string;
  readonly color: string;
  readonly at: CostPoint;
  /** Ends of the intervals: along the costs, then along the qualities. */
  readonly whiskers: readonly (readonly [CostPoint, CostPoint])[];
}

/** What each policy's quality costs. A logarithmic axis has no place for what is free: it is named below. */
export function frontierFigure(report: CompareReport, colours: ReadonlyMap<string, string>): Markup {
  const points = report.policies.flatMap((policy) => pointOf(policy, report.load.calls, colours));
  const shown = new Set(points.map(({ name }) => name));
  const free = report.policies.filter(({ name }) => !shown.has(name)).map(({ name }) => name);
  const figure = chartFigure(draw(points), {
    id: 'frontier',
    title: 'Quality against cost',
    description: points
      .map(({ name, at }) => `${name}: quality ${score(at[1])} at ${usd(at[0])} per 1,000 calls`)
      .join('; '),
  });
  return html`${figure}${free.length > 0 ? html`<p class="note">Not drawn, because nothing was paid or nothing answered: ${free.join(', ')}.</p>` : null}`;
}

function pointOf(
  { name, costUsd, quality }: PolicyReport,
  calls: number,
  colours: ReadonlyMap<string, string>,
): PolicyPoint[] {
  if (costUsd === null || quality === null || costUsd.mean <= 0 || calls === 0) return [];
  const per1000 = 1000 / calls;
  const at: CostPoint = [costUsd.mean * per1000, quality.mean];
  const costEnds = endsOf(costUsd).map((cost): CostPoint => [Math.max(cost * per1000, at[0] / 100), at[1]]);
  const qualityEnds = endsOf(quality).map((end): CostPoint => [at[0], end]);
  const whiskers = [costEnds, qualityEnds].filter((ends) => ends.length === 2) as unknown as [CostPoint, CostPoint][];
  return [{ name, color: colours.get(name) ?? INK, at, whiskers }];
}

function endsOf({ low, high }: Figure): readonly number[] {
  return low === null || high === null ? [] : [low, high];
}

function draw(points: readonly PolicyPoint[]): string {
  const area = new PlotArea(
    [...points.map(({ at }) => at), ...points.flatMap(({ whiskers }) => whiskers.flat())],
    SIZE,
    MARGIN,
  );
  const places = placeLabels(
    points.map(({ name, at }) => ({ ...area.spotOf(at), text: name })),
    points.flatMap(({ whiskers }) => whiskers.map((ends) => ends.map((end) => area.spotOf(end)))),
    area.room,
  );
  const { min, max, ticks } = area.cost;
  return renderSvg(
    {
      backgroundColor: 'transparent',
      grid: MARGIN,
      xAxis: {
        ...AXIS,
        type: 'log',
        min,
        max,
        name: 'US dollars per 1,000 calls (logarithmic)',
        nameLocation: 'middle',
        nameGap: 34,
        axisTick: { ...AXIS.axisTick, customValues: ticks },
        axisLabel: { ...AXIS.axisLabel, customValues: ticks },
        splitLine: { show: false },
      },
      yAxis: {
        ...AXIS,
        type: 'value',
        ...area.quality,
        name: 'quality (mean score)',
        nameLocation: 'middle',
        nameGap: 44,
      },
      series: [
        {
          type: 'custom',
          silent: true,
          data: points.map(({ at }) => at),
          renderItem: ({ dataIndex }: { dataIndex: number }, { coord }: Places) => {
            const { whiskers, color } = points[dataIndex] as PolicyPoint;
            return {
              type: 'group',
              children: whiskers.map(([from, to]) => {
                const [[x1, y1], [x2, y2]] = [coord(from), coord(to)];
                return {
                  type: 'line',
                  shape: { x1, y1, x2, y2 },
                  style: { stroke: color, lineWidth: 2, opacity: 0.55 },
                };
              }),
            };
          },
        },
        {
          type: 'scatter',
          symbolSize: 12,
          z: 6,
          data: points.map(({ name, at, color }, i) => ({
            name,
            value: at,
            itemStyle: { color, opacity: 1 },
            label: places[i],
          })),
          label: { show: true, position: 'inside', formatter: '{b}', fontSize: 12, color: INK },
        },
      ],
    },
    SIZE,
  );
}
