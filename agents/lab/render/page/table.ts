import type { Figure } from '../../metrics/statistics.js';
import { scrolling } from './figure.js';
import { type Format, intervalOf, meanOfFigure } from './format.js';
import { breakable, html, type Markup, type Piece } from './markup.js';

/** Names of the row, then its cells. */
export interface Row {
  readonly names: readonly string[];
  readonly cells: readonly Markup[];
}

/** A table with a header for every column and row, which scrolls by itself where it is too wide. */
export function table(label: string, columns: readonly Piece[], rows: readonly Row[], style = 'wide'): Markup {
  return scrolling(
    label,
    html`<table class="${style}">
<thead><tr>${columns.map((title) => html`<th scope="col">${title}</th>`)}</tr></thead>
<tbody>${rows.map(
      ({ names, cells }) =>
        html`<tr>${names.map((name) => html`<th scope="row">${breakable(name)}</th>`)}${cells}</tr>\n`,
    )}</tbody></table>`,
  );
}

/** The mean, and its interval below it. */
export function figureCell(figure: Figure | null, format: Format, verdict: Piece = null): Markup {
  const interval = intervalOf(figure, format);
  return html`<td>${meanOfFigure(figure, format)}${verdict}${interval === null ? null : html`<small>${interval}</small>`}</td>`;
}
