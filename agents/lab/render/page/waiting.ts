import type { CompareReport } from '../../compare/report.js';
import { INK, renderSvg } from '../chart.js';
import type { PolicyActivity } from './activity.js';
import { AXIS, type Places, rowsAxis, widthOf } from './axes.js';
import { chartFigure } from './chart-figure.js';
import { duration, meanOfFigure, percent, plain } from './format.js';
import type { Markup } from './markup.js';
import { GRID, MUTED } from './theme.js';
import { AT_ONCE_MS, BINS_PER_DECADE, type WaitCounts } from './wait-histogram.js';

const WIDTH = 1000;
const ROW = 58;
/** Share of a row that its curve may fill. */
const FILL = 0.82;
const FRAME = { top: 26, bottom: 46, right: 300 } as const;
const MOST_NAME = 190;

/** A place on the axis, decades above `AT_ONCE_MS`, and the share of the calls that wait longer. */
type Step = readonly [decades: number, waiting: number];

interface Row {
  readonly name: string;
  readonly color: string;
  readonly curve: readonly Step[];
  readonly atOnce: string;
  readonly quantiles: string;
}

/**
 * Which share of its calls each policy still lets wait after which time: one row a policy, with the base's curve as a line in
 * every row.
 */
export function waitingFigure(
  report: CompareReport,
  activity: ReadonlyMap<string, PolicyActivity>,
  base: string,
  colours: ReadonlyMap<string, string>,
): Markup {
  const rows = report.policies.map(({ name, waitingMs }): Row => {
    const counts = activity.get(name)?.waiting;
    return {
      name,
      color: colours.get(name) ?? INK,
      curve: counts === undefined ? [] : curveOf(counts),
      atOnce: counts === undefined || counts.total === 0 ? '' : `${percent(counts.atOnce / counts.total)} at once`,
      quantiles: (['p50', 'p90', 'p99'] as const)
        .map((at) => `${at} ${meanOfFigure(waitingMs[at], duration)}`)
        .join(' · '),
    };
  });
  const reference = rows.find(({ name }) => name === base)?.curve ?? [];
  return chartFigure(draw(rows, reference), {
    id: 'waiting',
    title: 'Share of the calls that still wait',
    description: rows.map(({ name, atOnce, quantiles }) => `${name}: ${atOnce}, ${quantiles}`).join('; '),
  });
}

function curveOf({ atOnce, bins, total }: WaitCounts): Step[] {
  if (total === 0) return [];
  let left = total - atOnce;
  const curve: Step[] = [[0, left / total]];
  for (const [i, count] of bins.entries()) {
    left -= count;
    curve.push([(i + 1) / BINS_PER_DECADE, left / total]);
    if (left === 0) break;
  }
  return curve;
}

function draw(rows: readonly Row[], reference: readonly Step[]): string {
  const names = rows.map(({ name }) => name);
  const left = widthOf(names, MOST_NAME) + 12;
  const height = rows.length * ROW;
  const scale = scaleOf(rows);
  return renderSvg(
    {
      backgroundColor: 'transparent',
      grid: { left, right: FRAME.right, top: FRAME.top, height },
      xAxis: {
        ...AXIS,
        type: 'value',
        min: scale.from,
        max: scale.to,
        interval: 1,
        name: 'time waited, accepted to started (logarithmic)',
        nameLocation: 'middle',
        nameGap: 30,
        axisLabel: { ...AXIS.axisLabel, formatter: tick },
      },
      yAxis: rowsAxis(names, MOST_NAME),
      series: [
        {
          type: 'custom',
          silent: true,
          clip: false,
          data: rows.map((_, row) => [0, row]),
          renderItem: ({ dataIndex: row }: { dataIndex: number }, places: Places) =>
            drawRow(places, row, rows[row] as Row, reference, scale),
        },
      ],
    },
    { width: WIDTH, height: FRAME.top + height + FRAME.bottom },
  );
}

/** What all rows share: decades from left to right, and the share of the calls that fills a row. */
interface Scale {
  readonly from: number;
  readonly to: number;
  readonly top: number;
}

/** Left of it no call that waits starts, right of it none waits. */
function scaleOf(rows: readonly Row[]): Scale {
  const curves = rows.map(({ curve }) => curve).filter((curve) => curve.length > 1);
  const starts = curves.map((curve) => curve.findIndex(([, waiting]) => waiting < (curve[0]?.[1] ?? 0)) - 1);
  const from = Math.max(0, Math.floor(Math.min(...starts, Number.MAX_SAFE_INTEGER) / BINS_PER_DECADE));
  const to = Math.max(1, ...curves.map((curve) => Math.ceil(curve.at(-1)?.[0] ?? 0)));
  const most = Math.max(0, ...curves.map((curve) => curve[0]?.[1] ?? 0));
  return { from: Math.min(from, to - 1), to, top: Math.max(0.1, Math.ceil(10 * most) / 10) };
}

/** Milliseconds, then seconds, always in powers of ten. */
function tick(decades: number): string {
  const ms = AT_ONCE_MS * 10 ** decades;
  return ms < 1000 ? duration(ms) : `${plain(ms / 1000)} s`;
}

function drawRow({ coord, size }: Places, row: number, own: Row, reference: readonly Step[], { from, to, top }: Scale) {
  const band = size([0, 1])[1];
  const [x0, middle] = coord([from, row]);
  const floor = middle + band / 2 - 6;
  const at = ([x, share]: Step): [number, number] => [coord([x, row])[0], floor - (share / top) * FILL * band];
  const right = coord([to, row])[0];
  const [, ceiling] = at([from, top]);
  const text = (words: string, y: number, fill: string, x = right + 14) => ({
    type: 'text',
    style: { x, y, text: words, fill, fontSize: 12, verticalAlign: 'middle' },
  });
  const curve = shown(own.curve, from).map(at);
  const end = curve.at(-1)?.[0] ?? x0;
  return {
    type: 'group',
    children: [
      {
        type: 'polygon',
        shape: { points: [[x0, floor], ...curve, [end, floor]] },
        style: { fill: own.color, opacity: 0.55 },
      },
      {
        type: 'polyline',
        shape: { points: shown(reference, from).map(at) },
        style: { fill: 'none', stroke: INK, lineWidth: 1.2 },
      },
      {
        type: 'line',
        shape: { x1: x0, x2: right, y1: floor, y2: floor },
        style: { stroke: MUTED, lineWidth: 1 },
      },
      {
        type: 'line',
        shape: { x1: x0, x2: right, y1: ceiling, y2: ceiling },
        style: { stroke: GRID, lineWidth: 1 },
      },
      ...(row > 0 ? [] : [text(`${percent(top)} of the calls`, ceiling - 9, MUTED, x0 + 4)]),
      text(own.atOnce, middle - 2, INK),
      text(own.quantiles, middle + 15, MUTED),
    ],
  };
}

/** The part of a curve that the axis shows. */
function shown(curve: readonly Step[], from: number): readonly Step[] {
  return curve.filter(([decades]) => decades >= from);
}
