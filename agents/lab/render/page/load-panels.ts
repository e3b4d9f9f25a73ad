import type { Millis } from '../../../../syscalls/syscall.js';
import type { CompareReport } from '../../compare/report.js';
import { meanOf } from '../../metrics/statistics.js';
import { INK, renderSvg } from '../chart.js';
import type { PolicyActivity } from './activity.js';
import { AXIS, type Places, rowsAxis, widthOf } from './axes.js';
import { chartFigure } from './chart-figure.js';
import { LOAD_BINS } from './core-load.js';
import { duration } from './format.js';
import { html, type Markup } from './markup.js';
import { GRID } from './theme.js';

const WIDTH = 500;
const ROW = 30;
/** Share of a row that a core at its cap fills. */
const FILL = 0.72;
const FRAME = { top: 4, bottom: 26, right: 72 } as const;
const MOST_NAME = 190;

type Cores = CompareReport['load']['cores'];

/** For each policy, calls in flight on each core over the first seed's time, against the core's cap. */
export function loadPanels(
  { policies, load: { cores } }: CompareReport,
  activity: ReadonlyMap<string, PolicyActivity>,
  colours: ReadonlyMap<string, string>,
): Markup {
  const panels = policies.flatMap(({ name }, i) => {
    const load = activity.get(name)?.load;
    if (load === undefined || load.spanMs === 0) return [];
    const use = cores.map(({ cap }, core) => meanOf(load.inFlight[core] ?? [0]) / Math.max(cap, 1));
    const figure = chartFigure(draw(cores, load.inFlight, use, load.spanMs, colours.get(name) ?? INK), {
      id: `load-${i}`,
      title: `Load of the cores under ${name}`,
      description: cores
        .map(({ id }, core) => `${id}: ${whole(use[core] ?? 0)} of its cap in use on average`)
        .join('; '),
    });
    return [
      html`<div class="panel"><h3>${name} <small>all done after ${duration(load.spanMs)}</small></h3>${figure}</div>`,
    ];
  });
  return html`<div class="panels">${panels}</div>`;
}

function whole(share: number): string {
  return `${Math.round(100 * share)} %`;
}

function draw(
  cores: Cores,
  inFlight: readonly (readonly number[])[],
  use: readonly number[],
  spanMs: number,
  color: string,
): string {
  const names = cores.map(({ id }) => id);
  const height = cores.length * ROW;
  const unit = unitOf(spanMs);
  return renderSvg(
    {
      backgroundColor: 'transparent',
      grid: { left: widthOf(names, MOST_NAME) + 12, right: FRAME.right, top: FRAME.top, height },
      xAxis: {
        ...AXIS,
        type: 'value',
        min: 0,
        max: spanMs / unit.ms,
        splitNumber: 4,
        splitLine: { show: false },
        axisLabel: {
          ...AXIS.axisLabel,
          fontSize: 11,
          showMaxLabel: false,
          formatter: (time: number) => `${time} ${unit.name}`,
        },
      },
      yAxis: rowsAxis(names, MOST_NAME),
      series: [
        {
          type: 'custom',
          silent: true,
          clip: false,
          data: cores.map((_, core) => [0, core]),
          renderItem: ({ dataIndex: core }: { dataIndex: number }, places: Places) =>
            drawCore(
              places,
              core,
              inFlight[core] ?? [],
              cores[core]?.cap ?? 1,
              `${whole(use[core] ?? 0)} of ${cores[core]?.cap}`,
              {
                color,
                end: spanMs / unit.ms,
              },
            ),
        },
      ],
    },
    { width: WIDTH, height: FRAME.top + height + FRAME.bottom },
  );
}

function drawCore(
  { coord, size }: Places,
  core: number,
  inFlight: readonly number[],
  cap: number,
  use: string,
  { color, end }: { readonly color: string; readonly end: number },
) {
  const band = size([0, 1])[1];
  const [x0, middle] = coord([0, core]);
  const right = coord([end, core])[0];
  const floor = middle + (FILL * band) / 2;
  const ceiling = floor - FILL * band;
  const steps = inFlight.flatMap((calls, bin) => {
    const y = floor - (calls / Math.max(cap, 1)) * FILL * band;
    return [bin, bin + 1].map((at) => [round(coord([(at / LOAD_BINS) * end, core])[0]), round(y)]);
  });
  const line = (y: number, style: object) => ({ type: 'line', shape: { x1: x0, x2: right, y1: y, y2: y }, style });
  return {
    type: 'group',
    children: [
      line(floor, { stroke: GRID, lineWidth: 1 }),
      { type: 'polygon', shape: { points: [[x0, floor], ...steps, [right, floor]] }, style: { fill: color } },
      line(ceiling, { stroke: INK, lineWidth: 1 }),
      {
        type: 'text',
        style: { x: right + 8, y: middle, text: use, fill: INK, fontSize: 12, verticalAlign: 'middle' },
      },
    ],
  };
}

/** In which the axis counts. */
function unitOf(spanMs: Millis): { readonly name: string; readonly ms: Millis } {
  if (spanMs < 300_000) return { name: 's', ms: 1000 };
  return spanMs < 10_800_000 ? { name: 'min', ms: 60_000 } : { name: 'h', ms: 3_600_000 };
}

/** A tenth of a pixel is enough. */
function round(pixels: number): number {
  return Math.round(10 * pixels) / 10;
}
