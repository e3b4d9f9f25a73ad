import type { CompareReport } from '../../compare/report.js';
import { renderSvg } from '../chart.js';
import { INK } from '../theme.js';
import type { PolicyActivity } from './activity.js';
import { chartFigure, PANEL_WIDTH, panelGrid } from './figure.js';
import { duration, meanOfFigure, percent } from './format.js';
import type { Markup } from './markup.js';
import { AT_ONCE_MS, BINS_PER_DECADE, type WaitCounts } from './wait-histogram.js';

/** The share of the calls that wait longer than so many seconds. */
interface Step {
  readonly seconds: number;
  readonly share: number;
}

/** Which share of its calls each policy still lets wait after which time, with the base's curve as a line in every panel. */
export async function waitingFigure(
  { policies }: CompareReport,
  activity: ReadonlyMap<string, PolicyActivity>,
  base: string,
  colours: ReadonlyMap<string, string>,
): Promise<Markup> {
  const curves = new Map(policies.map(({ name }) => [name, curveOf(activity.get(name)?.waiting)]));
  const axes = axesOf([...curves.values()]);
  return panelGrid(
    await Promise.all(
      policies.map(async ({ name, waitingMs }) => {
        const { atOnce = 0, total = 0 } = activity.get(name)?.waiting ?? {};
        const note = [
          ...(total === 0 ? [] : [`${percent(atOnce / total)} at once`]),
          ...(['p50', 'p90', 'p99'] as const).map((at) => `${at}\u00a0${meanOfFigure(waitingMs[at], duration)}`),
        ].join(' \u00b7 ');
        const svg = await draw(curves.get(name) ?? [], curves.get(base) ?? [], colours.get(name) ?? INK, axes);
        return chartFigure(svg, {
          heading: name,
          note,
          name: `Share of the calls that still wait under ${name}`,
          description: note,
        });
      }),
    ),
  );
}

function curveOf(counts: WaitCounts | undefined): Step[] {
  if (counts === undefined || counts.total === 0) return [];
  const { atOnce, bins, total } = counts;
  let left = total - atOnce;
  const curve: Step[] = [{ seconds: AT_ONCE_MS / 1000, share: left / total }];
  for (const [i, count] of bins.entries()) {
    left -= count;
    curve.push({ seconds: (AT_ONCE_MS / 1000) * 10 ** ((i + 1) / BINS_PER_DECADE), share: left / total });
    if (left === 0) break;
  }
  return curve;
}

/** What all panels share. */
interface Axes {
  /** Powers of ten. */
  readonly seconds: readonly number[];
  readonly most: number;
}

/** From the decade in which the first waiting call starts to the one in which the last does. */
function axesOf(curves: readonly (readonly Step[])[]): Axes {
  const waits = curves.filter((curve) => curve.length > 1);
  const starts = waits.map((curve) => curve.findLast(({ share }) => share === curve[0]?.share)?.seconds ?? 1);
  const ends = waits.map((curve) => curve.at(-1)?.seconds ?? 1);
  const decade = (seconds: number, round: (log: number) => number) => round(Number(Math.log10(seconds).toFixed(6)));
  const to = Math.max(...ends.map((end) => decade(end, Math.ceil)), -2);
  const from = Math.min(...starts.map((start) => decade(start, Math.floor)), to - 1);
  const most = Math.max(0.1, ...waits.map((curve) => curve[0]?.share ?? 0));
  const seconds = Array.from({ length: to - from + 1 }, (_, i) => Number(`1e${from + i}`));
  return { seconds, most: Math.ceil(10 * most) / 10 };
}

function draw(
  curve: readonly Step[],
  reference: readonly Step[],
  color: string,
  { seconds, most }: Axes,
): Promise<string> {
  const shown = (steps: readonly Step[]) => steps.filter((step) => step.seconds >= (seconds[0] ?? 0));
  return renderSvg({
    width: PANEL_WIDTH - 60,
    height: 110,
    padding: { left: 44, right: 16, top: 8, bottom: 42 },
    autosize: 'none',
    encoding: {
      x: {
        field: 'seconds',
        type: 'quantitative',
        title: 'seconds from accepted to started (logarithmic)',
        scale: { type: 'log', domain: [seconds.at(0) ?? 0, seconds.at(-1) ?? 0] },
        axis: { values: [...seconds], format: '~g', grid: false, labelOverlap: false },
      },
      y: {
        field: 'share',
        type: 'quantitative',
        title: null,
        scale: { domain: [0, most] },
        axis: { format: '.0%', tickCount: 3 },
      },
    },
    layer: [
      { data: { values: shown(curve) }, mark: { type: 'area', color, opacity: 0.55 } },
      { data: { values: shown(reference) }, mark: { type: 'line', strokeWidth: 1.2 } },
    ],
  });
}
