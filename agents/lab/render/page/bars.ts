import type { CompareReport, PolicyReport } from '../../compare/report.js';
import type { Figure } from '../../metrics/statistics.js';
import { renderSvg } from '../chart.js';
import { INK } from '../theme.js';
import { chartFigure, PANEL_WIDTH, panelGrid } from './figure.js';
import { type Format, meanOfFigure, score, usd, withInterval } from './format.js';
import type { Markup } from './markup.js';

const ROW = 40;
const BAR = 14;

interface Panel {
  readonly heading: string;
  readonly of: (policy: PolicyReport) => Figure | null;
  readonly format: Format;
  /** Where the axis ends; undefined: where the figures do. */
  readonly most?: number;
  /** What the policy aims at; null: nothing. */
  readonly aimOf: (policy: PolicyReport) => number | null;
}

const PANELS: readonly Panel[] = [
  { heading: 'Cost of one seed, US dollars', of: ({ costUsd }) => costUsd, format: usd, aimOf: () => null },
  {
    heading: 'Quality, 0 to 1 (upright line: alpha, if it has one)',
    of: ({ quality }) => quality,
    format: score,
    most: 1,
    aimOf: ({ alpha }) => alpha,
  },
];

/** Cost and quality of each policy as bars from 0, with intervals. */
export async function barsFigure({ policies }: CompareReport, colours: ReadonlyMap<string, string>): Promise<Markup> {
  return panelGrid(
    await Promise.all(
      PANELS.map(async (panel) => {
        const spoken = policies.map((policy) => `${policy.name}: ${withInterval(panel.of(policy), panel.format)}`);
        return chartFigure(await draw(policies, panel, colours), {
          heading: panel.heading,
          description: spoken.join('; '),
        });
      }),
    ),
  );
}

function draw(
  policies: readonly PolicyReport[],
  { of, format, most, aimOf }: Panel,
  colours: ReadonlyMap<string, string>,
): Promise<string> {
  const values = policies.map((policy) => {
    const { mean = null, low = null, high = null } = of(policy) ?? {};
    const aim = aimOf(policy);
    const end = Math.max(mean ?? 0, high ?? 0, aim ?? 0);
    const color = colours.get(policy.name) ?? INK;
    return { name: policy.name, mean, low, high, aim, end, color, text: meanOfFigure(of(policy), format) };
  });
  const scale = most === undefined ? { zero: true } : { domain: [0, most] };
  return renderSvg({
    width: PANEL_WIDTH - 70,
    height: { step: ROW },
    padding: { left: 4, right: 66, top: 4, bottom: 24 },
    autosize: 'none',
    data: { values },
    encoding: {
      // Each name stands above its bar, where it takes no room from the bar.
      y: {
        field: 'name',
        type: 'nominal',
        sort: null,
        title: null,
        axis: {
          labelAlign: 'left',
          labelPadding: 0,
          labelOffset: -BAR - 2,
          labelColor: INK,
          ticks: false,
          domain: false,
        },
      },
    },
    layer: [
      {
        mark: { type: 'bar', height: BAR },
        encoding: {
          x: { field: 'mean', type: 'quantitative', title: null, scale, axis: { tickCount: 5 } },
          color: { field: 'color', scale: null },
        },
      },
      {
        transform: [{ filter: 'datum.low !== null && datum.high !== null' }],
        mark: { type: 'errorbar', ticks: { size: 8 }, thickness: 1.5, color: INK },
        encoding: { x: { field: 'low', type: 'quantitative' }, x2: { field: 'high' } },
      },
      {
        transform: [{ filter: 'datum.aim !== null' }],
        mark: { type: 'tick', size: BAR + 14, thickness: 1.5 },
        encoding: { x: { field: 'aim', type: 'quantitative' } },
      },
      {
        mark: { type: 'text', align: 'left', dx: 8, fontSize: 12 },
        encoding: { x: { field: 'end', type: 'quantitative' }, text: { field: 'text' } },
      },
    ],
  });
}
