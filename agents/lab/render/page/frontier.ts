import type { CompareReport } from '../../compare/report.js';
import { INK, renderSvg } from '../chart.js';
import { placeLabels } from '../label-places.js';
import { PlotArea } from '../plot-area.js';
import { AXIS, type Places } from './axes.js';
import { chartFigure } from './chart-figure.js';
import { score, usd } from './format.js';
import { type FrontierPoints, frontierPoints, type PolicyPoint } from './frontier-points.js';
import { html, type Markup } from './markup.js';
import { MUTED } from './theme.js';

const SIZE = { width: 1000, height: 580 };
const MARGIN = { left: 64, right: 110, top: 16, bottom: 56 } as const;

/** What the quality of each policy costs, what it would at other settings, and what each model does by itself. */
export function frontierFigure(report: CompareReport, colours: ReadonlyMap<string, string>): Markup {
  const points = frontierPoints(report, colours);
  const shown = new Set(points.policies.map(({ name }) => name));
  const free = report.policies.filter(({ name }) => !shown.has(name)).map(({ name }) => name);
  const figure = chartFigure(draw(points), {
    id: 'frontier',
    title: 'Quality against cost',
    description: [...points.policies, ...points.singles]
      .map(({ name, at }) => `${name}: quality ${score(at[1])} at ${usd(at[0])} per 1,000 calls`)
      .join('; '),
  });
  const keys = [
    'Up is better, left is cheaper. Dots: policies, with intervals.',
    points.sweeps.length > 0 ? 'Lines with small dots: the same policies at other settings of what they aim at.' : null,
    points.singles.length > 0 ? 'Diamonds: each model by itself, without caps; dashed: mixing these at random.' : null,
  ];
  return html`<p class="about">${keys.filter((key) => key !== null).join(' ')}</p>
${figure}${
  free.length > 0
    ? html`<p class="note">Not drawn, because nothing was paid or nothing answered: ${free.join(', ')}.</p>`
    : null
}`;
}

function draw({ policies, sweeps, singles, mixture }: FrontierPoints): string {
  const whiskers = policies.flatMap((policy) => policy.whiskers);
  const lines = [...whiskers, ...sweeps.map(({ points }) => points), mixture];
  const dots = [...policies, ...singles];
  const area = new PlotArea([...dots.map(({ at }) => at), ...lines.flat()], SIZE, MARGIN);
  const places = placeLabels(
    dots.map(({ name, at }) => ({ ...area.spotOf(at), text: name })),
    lines.map((corners) => corners.map((corner) => area.spotOf(corner))),
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
        ...[mixture]
          .filter(({ length }) => length > 0)
          .map((data) => ({
            type: 'line',
            symbol: 'none',
            silent: true,
            data,
            color: MUTED,
            lineStyle: { type: 'dashed', width: 1 },
          })),
        ...sweeps.map(({ points, color }) => ({
          type: 'line',
          silent: true,
          symbol: 'circle',
          symbolSize: 5,
          data: points,
          color,
          lineStyle: { width: 1.5 },
        })),
        {
          type: 'custom',
          silent: true,
          data: policies.map(({ at }) => at),
          renderItem: ({ dataIndex }: { dataIndex: number }, area: Places) =>
            drawWhiskers(policies[dataIndex] as PolicyPoint, area),
        },
        {
          type: 'scatter',
          symbol: 'diamond',
          symbolSize: 9,
          color: MUTED,
          z: 5,
          itemStyle: { opacity: 1 },
          data: singles.map(({ name, at }, i) => ({ name, value: at, label: places[policies.length + i] })),
          label: { show: true, position: 'inside', formatter: nameOf, fontSize: 11, color: MUTED },
        },
        {
          type: 'scatter',
          symbolSize: 12,
          z: 6,
          data: policies.map(({ name, at, color }, i) => ({
            name,
            value: at,
            itemStyle: { color, opacity: 1 },
            label: places[i],
          })),
          label: { show: true, position: 'inside', formatter: nameOf, fontSize: 12, fontWeight: 'bold', color: INK },
        },
      ],
    },
    SIZE,
  );
}

function nameOf({ name }: { readonly name: string }): string {
  return name;
}

function drawWhiskers({ whiskers, color }: PolicyPoint, { coord }: Places) {
  return {
    type: 'group',
    children: whiskers.map(([from, to]) => {
      const [[x1, y1], [x2, y2]] = [coord(from), coord(to)];
      return { type: 'line', shape: { x1, y1, x2, y2 }, style: { stroke: color, lineWidth: 2, opacity: 0.55 } };
    }),
  };
}
