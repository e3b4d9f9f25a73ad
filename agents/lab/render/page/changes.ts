import type { CompareReport, PairedReport } from '../../compare/report.js';
import type { Figure } from '../../metrics/statistics.js';
import { change, type Format, intervalOf, points } from './format.js';
import { breakable, html, type Markup } from './markup.js';

interface Aspect {
  readonly title: string;
  readonly of: (pair: PairedReport) => Figure | null;
  /** What there is where nothing differs. */
  readonly same: number;
  readonly format: Format;
  readonly words: { readonly more: string; readonly less: string };
}

const ASPECTS: readonly Aspect[] = [
  {
    title: 'Quality, points of 100',
    of: (pair) => pair.qualityPoints,
    same: 0,
    format: points,
    words: { more: 'better', less: 'worse' },
  },
  { title: 'Cost', of: (pair) => pair.costShare, same: 1, format: change, words: { more: 'dearer', less: 'cheaper' } },
  {
    title: 'Mean turnaround',
    of: (pair) => pair.turnaroundShare,
    same: 1,
    format: change,
    words: { more: 'slower', less: 'faster' },
  },
];

/** What each policy changes by comparison with the base, and whether the seeds can tell. */
export function changesTable({ paired }: CompareReport, base: string): Markup {
  return html`<div class="scroll" tabindex="0" role="group" aria-label="Differences to ${base}"><table class="wide">
<thead><tr><th scope="col">Policy</th>${ASPECTS.map(({ title }) => html`<th scope="col">${title}</th>`)}</tr></thead>
<tbody>${paired.map(
    (pair) =>
      html`<tr><th scope="row">${breakable(pair.policy)}</th>${ASPECTS.map((aspect) => cell(pair, aspect))}</tr>\n`,
  )}</tbody></table></div>`;
}

function cell(pair: PairedReport, { of, same, format, words }: Aspect): Markup {
  const figure = of(pair);
  if (figure === null) return html`<td>\u2013</td>`;
  const interval = intervalOf(figure, format);
  return html`<td><b>${format(figure.mean)}</b> <span class="verdict">${verdict(figure, same, words)}</span>${interval === null ? null : html`<small>${interval}</small>`}</td>`;
}

function verdict({ mean, low, high }: Figure, same: number, { more, less }: Aspect['words']): string {
  if (low === null || high === null) return mean === same ? 'the same' : mean > same ? more : less;
  if (low > same) return more;
  return high < same ? less : low === high ? 'the same' : 'no clear difference';
}
