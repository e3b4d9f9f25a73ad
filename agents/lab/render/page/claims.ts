import type { CompareReport } from '../../compare/report.js';
import type { Figure } from '../../metrics/statistics.js';
import { change, type Format, intervalOf, meanOfFigure, percent, points } from './format.js';
import { breakable, html, type Markup } from './markup.js';

interface Column<Row> {
  readonly title: string;
  readonly of: (row: Row) => Figure | null;
  readonly format: Format;
}

const CLAIMS: readonly Column<CompareReport['claims'][number]>[] = [
  { title: 'Saves, at its quality', of: (claim) => claim.savingAtEqualQuality, format: percent },
  { title: 'Mean turnaround there', of: (claim) => claim.turnaroundShareAtEqualQuality, format: change },
  { title: 'Points of 100 better, at its cost', of: (claim) => claim.pointsAtEqualCost, format: points },
];

/** What the other settings of a policy say by comparison with each other policy as it took part; null: none was swept. */
export function claimsTable({ claims }: CompareReport): Markup | null {
  if (claims.length === 0) return null;
  return table('Claims at equal quality and at equal cost', ['Policy, swept', 'against'], CLAIMS, claims, (claim) => [
    claim.policy,
    claim.base,
  ]);
}

const REACH: readonly Column<CompareReport['frontier'][number]>[] = [
  { title: 'Saves, at the quality of the best single model', of: ({ savingAt }) => savingAt['1.00'], format: percent },
  { title: 'at 98\u00a0% of it', of: ({ savingAt }) => savingAt['0.98'], format: percent },
  { title: 'at 95\u00a0% of it', of: ({ savingAt }) => savingAt['0.95'], format: percent },
  {
    title: 'Mean quality over cost, less that of mixing models, points of 100',
    of: ({ aiqMinusZero }) => hundredfold(aiqMinusZero),
    format: points,
  },
];

/** What each router reaches by comparison with the single models; null: none reaches anything of it. */
export function reachTable({ frontier }: CompareReport): Markup | null {
  const routers = frontier.filter((router) => REACH.some(({ of }) => of(router) !== null));
  if (routers.length === 0) return null;
  return html`<h3>Against the single models</h3>
${table('Against the single models', ['Router'], REACH, routers, ({ router }) => [router])}`;
}

function table<Row>(
  label: string,
  names: readonly string[],
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  namesOf: (row: Row) => readonly string[],
): Markup {
  return html`<div class="scroll" tabindex="0" role="group" aria-label="${label}"><table class="wide">
<thead><tr>${[...names, ...columns.map(({ title }) => title)].map((title) => html`<th scope="col">${title}</th>`)}</tr></thead>
<tbody>${rows.map(
    (row) =>
      html`<tr>${namesOf(row).map((name) => html`<th scope="row">${breakable(name)}</th>`)}${columns.map((column) => cell(row, column))}</tr>\n`,
  )}</tbody></table></div>`;
}

function cell<Row>(row: Row, { of, format }: Column<Row>): Markup {
  const figure = of(row);
  const interval = intervalOf(figure, format);
  return html`<td>${meanOfFigure(figure, format)}${interval === null ? null : html`<small>${interval}</small>`}</td>`;
}

function hundredfold(figure: Figure | null): Figure | null {
  if (figure === null) return null;
  const { mean, low, high } = figure;
  return { mean: 100 * mean, low: low === null ? null : 100 * low, high: high === null ? null : 100 * high };
}
