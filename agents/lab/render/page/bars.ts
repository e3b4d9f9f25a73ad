import type { CompareReport } from '../../compare/report.js';
import type { Figure } from '../../compare/statistics.js';
import { renderSvg } from '../chart.js';
import { INK } from '../theme.js';
import { chartFigure, PANEL_WIDTH, panelGrid } from './figure.js';
import { type Format, meanOfFigure, score, usd, withInterval } from './format.js';
import type { Markup } from './markup.js';

const ROW = 40;
const BAR = 14;

interface Panel {
  readonly title: string;
  readonly figures: readonly (Figure | null)[];
  readonly format: Format;
  /** Where the axis ends; undefined: where the figures do. */
  readonly most?: number;
  /** What each policy aims at; null: nothing. */
  readonly aims?: readonly (number | null)[];
}

/** Cost and quality of each policy as bars from 0, with intervals. */
export async function barsFigure({ policies }: CompareReport, colours: ReadonlyMap<string, string>): Promise<Markup> {
  const names = policies.map(({ name }) => name);
  const panels: readonly Panel[] = [
    { title: 'Cost of one seed, US dollars', figures: policies.map(({ costUsd }) => costUsd), format: usd },
    {
      title: policies.some(({ alpha }) => alpha !== null) ? 'Quality, 0 to 1 (upright line: alpha)' : 'Quality, 0 to 1',
      figures: policies.map(({ quality }) => quality),
      format: score,
      most: 1,
      aims: policies.map(({ alpha }) => alpha),
    },
  ];
  return panelGrid(
    await Promise.all(
      panels.map(async (panel) => {
        const spoken = names.map((name, i) => `${name}: ${withInterval(panel.figures[i] ?? null, panel.format)}`);
        return chartFigure(await draw(names, panel, colours), { heading: panel.title, description: spoken.join('; ') });
      }),
    ),
  );
}

function draw(names: readonly string[], panel: Panel, colours: ReadonlyMap<string, string>): Promise<string> {
  const values = names.map((name, i) => {
    const figure = panel.figures[i] ?? null;
    const aim = panel.aims?.[i] ?? null;
    const { mean = null, low = null, high = null } = figure ?? {};
    const end = Math.max(mean ?? 0, high ?? 0, aim ?? 0);
    return {
      name,
      mean,
      low,
      high,
      aim,
      end,
      text: meanOfFigure(figure, panel.format),
      color: colours.get(name) ?? INK,
    };
  });
  return renderSvg({
    width: PANEL_WIDTH - 70,
    height: { step: ROW },
    padding: { left: 4, right: 66, top: 4, bottom: 24 },
    autosize: 'none',
    data: { values },
    encoding: {
      y: {
        field: 'name',
        type: 'nominal',
        sort: null,
        title: null,
        // Each name stands above its bar, where it takes no room from the bar.
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
          x: {
            field: 'mean',
            type: 'quantitative',
            title: null,
            scale: panel.most === undefined ? { zero: true } : { domain: [0, panel.most] },
            axis: { tickCount: 5 },
          },
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
