import type { CompareReport } from '../../compare/report.js';
import type { Figure } from '../../metrics/statistics.js';
import { PLACED_NAMES, renderSvg } from '../chart.js';
import { INK, MUTED } from '../theme.js';
import { drawing, scrolling } from './figure.js';
import { duration, plain, score, usd } from './format.js';
import { html, type Markup } from './markup.js';
import { figureCell, table } from './table.js';

/** A policy, or one of its settings. */
interface Point {
  readonly name: string;
  readonly policy: string;
  readonly color: string;
  /** Seconds. */
  readonly turnaround: number;
  /** Cost by that of the bound at the same predicted quality. */
  readonly over: number;
}

/** What time costs: every policy by its mean turnaround and its cost over the bound, which stands for equal quality; null: there is no bound. */
export async function dialFigure(report: CompareReport, colours: ReadonlyMap<string, string>): Promise<Markup | null> {
  const { policies, dials } = report;
  const place = (policy: string, name: string, turnaround: Figure | null, over: Figure | null): Point[] =>
    turnaround === null || over === null
      ? []
      : [{ name, policy, color: colours.get(policy) ?? INK, turnaround: turnaround.mean / 1000, over: over.mean }];
  const dots = policies.flatMap(({ name, meanTurnaroundMs, bound }) =>
    place(name, name, meanTurnaroundMs, bound.costOver),
  );
  const settings = dials.flatMap(({ policy, points }) =>
    points
      .flatMap(({ name, meanTurnaroundMs, costOver }) => place(policy, name, meanTurnaroundMs, costOver))
      .sort((a, b) => a.turnaround - b.turnaround),
  );
  if (dots.length === 0) return null;
  const spoken = dots.map(
    ({ name, turnaround, over }) => `${name}: ${plain(over)} times the bound at ${plain(turnaround)} s`,
  );
  const line = settings.length > 0 ? ' The line: the same policy at other prices of waiting.' : '';
  return html`<h2>Cost against turnaround at equal quality</h2>
<p class="about">Left is sooner, down is cheaper: the cost of each policy as a multiple of the fluid bound at the quality that one forecast expects of its choices.${line}</p>
${scrolling('Cost against turnaround', drawing(await draw(dots, settings), `Cost against turnaround: ${spoken.join('; ')}`))}
${dials.map(({ policy, seeds, points }) =>
  table(
    `${policy}: time against cost`,
    [
      'Setting',
      `Mean turnaround (${seeds} ${seeds === 1 ? 'seed' : 'seeds'})`,
      'Cost over the bound',
      'Quality',
      'Cost',
    ],
    points.map((point) => ({
      names: [point.name],
      cells: [
        figureCell(point.meanTurnaroundMs, duration),
        figureCell(point.costOver, plain),
        figureCell(point.quality, score),
        figureCell(point.costUsd, usd),
      ],
    })),
  ),
)}`;
}

function draw(dots: readonly Point[], settings: readonly Point[]): Promise<string> {
  const color = { field: 'color', scale: null } as const;
  const labels = [...dots.map((dot) => ({ ...dot, ink: INK })), ...settings.map((dot) => ({ ...dot, ink: MUTED }))];
  const named = labels.filter(({ name }, i) => labels.findIndex((other) => other.name === name) === i);
  return renderSvg({
    width: 900,
    height: 360,
    autosize: { type: 'fit', contains: 'padding' },
    encoding: {
      x: {
        field: 'turnaround',
        type: 'quantitative',
        title: 'mean turnaround, seconds (logarithmic)',
        scale: { type: 'log', nice: false, padding: 40 },
        axis: { grid: false, format: '~g' },
      },
      y: {
        field: 'over',
        type: 'quantitative',
        title: 'cost, times the bound (logarithmic)',
        scale: { type: 'log', nice: false, padding: 30 },
        axis: { format: '~g' },
      },
    },
    layer: [
      {
        data: { values: [...settings] },
        mark: { type: 'line', strokeWidth: 1.5, point: { filled: true, size: 30 } },
        encoding: { color, detail: { field: 'policy' }, order: { field: 'turnaround' } },
      },
      {
        data: { values: [...dots] },
        mark: { type: 'point', filled: true, opacity: 1, size: 130 },
        encoding: { color },
      },
      {
        name: PLACED_NAMES,
        data: { values: named },
        mark: { type: 'text', fontSize: 12 },
        encoding: { text: { field: 'name' }, color: { field: 'ink', scale: null } },
      },
    ],
  });
}
