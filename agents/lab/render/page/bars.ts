import type { CompareReport } from '../../compare/report.js';
import type { Figure } from '../../metrics/statistics.js';
import { INK, renderSvg } from '../chart.js';
import { AXIS, type Places, rowsAxis, widthOf } from './axes.js';
import { chartFigure } from './chart-figure.js';
import { type Format, intervalOf, meanOfFigure, score, usd } from './format.js';
import type { Markup } from './markup.js';

const WIDTH = 1000;
const ROW = 34;
const FRAME = { top: 34, bottom: 26, gap: 36, right: 70 } as const;
const MOST_NAME = 190;

interface Panel {
  readonly title: string;
  readonly figures: readonly (Figure | null)[];
  readonly format: Format;
  /** Where the axis ends; undefined: where the figures do. */
  readonly axis?: { readonly max: number; readonly interval: number };
  /** What is aimed at, by row; null: nothing. */
  readonly aims?: readonly (number | null)[];
}

/** Cost and quality of each policy as bars from 0, with intervals. */
export function barsFigure({ policies }: CompareReport, colours: ReadonlyMap<string, string>): Markup {
  const names = policies.map(({ name }) => name);
  const panels: readonly Panel[] = [
    { title: 'Cost of one seed, US dollars', figures: policies.map(({ costUsd }) => costUsd), format: usd },
    {
      title: policies.some(({ alpha }) => alpha !== null) ? 'Quality, 0 to 1 (dotted: alpha)' : 'Quality, 0 to 1',
      figures: policies.map(({ quality }) => quality),
      format: score,
      axis: { max: 1, interval: 0.2 },
      aims: policies.map(({ alpha }) => alpha),
    },
  ];
  return chartFigure(draw(names, panels, colours), {
    id: 'bars',
    title: 'Cost and quality',
    description: names
      .map(
        (name, i) => `${name}: ${panels.map(({ figures, format }) => spoken(figures[i] ?? null, format)).join(', ')}`,
      )
      .join('; '),
  });
}

function spoken(figure: Figure | null, format: Format): string {
  const interval = intervalOf(figure, format);
  return `${meanOfFigure(figure, format)}${interval === null ? '' : ` (${interval})`}`;
}

function draw(names: readonly string[], panels: readonly Panel[], colours: ReadonlyMap<string, string>): string {
  const left = widthOf(names, MOST_NAME) + 12;
  const width = (WIDTH - left - FRAME.right - (panels.length - 1) * (FRAME.gap + FRAME.right)) / panels.length;
  const lefts = panels.map((_, i) => left + i * (width + FRAME.gap + FRAME.right));
  const height = names.length * ROW;
  return renderSvg(
    {
      backgroundColor: 'transparent',
      title: panels.map(({ title }, i) => ({
        text: title,
        left: lefts[i],
        top: 4,
        padding: 0,
        textStyle: { fontSize: 13, fontWeight: 'bold', color: INK },
      })),
      grid: panels.map((_, i) => ({ left: lefts[i], width, top: FRAME.top, height })),
      xAxis: panels.map((panel, gridIndex) => ({
        ...AXIS,
        gridIndex,
        type: 'value',
        min: 0,
        splitNumber: 4,
        ...panel.axis,
      })),
      yAxis: panels.map((_, gridIndex) => ({
        ...rowsAxis(names, MOST_NAME),
        gridIndex,
        ...(gridIndex > 0 && { axisLabel: { show: false } }),
      })),
      series: panels.map((panel, i) => ({
        type: 'custom',
        silent: true,
        xAxisIndex: i,
        yAxisIndex: i,
        encode: { x: [0, 2], y: 1 },
        data: panel.figures.map((figure, row) => [figure?.mean ?? 0, row, figure?.high ?? figure?.mean ?? 0]),
        renderItem: ({ dataIndex: row }: { dataIndex: number }, places: Places) =>
          bar(places, row, panel, colours.get(names[row] as string) ?? INK),
      })),
    },
    { width: WIDTH, height: FRAME.top + height + FRAME.bottom },
  );
}

function bar({ coord }: Places, row: number, { figures, format, aims }: Panel, color: string) {
  const figure = figures[row] ?? null;
  const [x0, y] = coord([0, row]);
  const line = (x1: number, x2: number, y1: number, y2: number, style: object = {}) => ({
    type: 'line',
    shape: { x1, x2, y1, y2 },
    style: { stroke: INK, lineWidth: 1.5, ...style },
  });
  const text = (x: number) => ({
    type: 'text',
    style: { x: x + 8, y, text: meanOfFigure(figure, format), fill: INK, fontSize: 12, verticalAlign: 'middle' },
  });
  if (figure === null) return { type: 'group', children: [text(x0)] };
  const [x] = coord([figure.mean, row]);
  const [low, high] = [figure.low, figure.high].map((end) => coord([end ?? figure.mean, row])[0]) as [number, number];
  const aim = aims?.[row] ?? null;
  const aimAt = aim === null ? null : coord([aim, row])[0];
  return {
    type: 'group',
    children: [
      { type: 'rect', shape: { x: x0, y: y - 9, width: x - x0, height: 18 }, style: { fill: color } },
      ...(figure.low === null
        ? []
        : [line(low, high, y, y), line(low, low, y - 4, y + 4), line(high, high, y - 4, y + 4)]),
      ...(aimAt === null ? [] : [line(aimAt, aimAt, y - 14, y + 14, { lineDash: [2, 3] })]),
      text(Math.max(x, high, aimAt ?? 0)),
    ],
  };
}
