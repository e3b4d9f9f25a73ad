import type { CompareReport } from '../../compare/report.js';
import type { PolicyActivity } from './activity.js';
import { plain } from './format.js';
import { breakable, html, type Markup } from './markup.js';

/** Which share of its answers each policy got from which core: cores from cheap to dear, the fuller the darker. */
export function coreShares(
  { policies, load: { cores } }: CompareReport,
  activity: ReadonlyMap<string, PolicyActivity>,
): Markup {
  const byPrice = cores.toSorted((a, b) => a.outputPerMTok - b.outputPerMTok);
  return html`<div class="scroll" tabindex="0" role="group" aria-label="Shares of the cores"><table class="shares">
<thead><tr><th scope="col">Core</th><th scope="col" class="price">USD per million output tokens</th>${policies.map(({ name }) => html`<th scope="col">${breakable(name)}</th>`)}</tr></thead>
<tbody>${byPrice.map(
    ({ id, outputPerMTok }) =>
      html`<tr><th scope="row">${id}</th><td class="price">${plain(outputPerMTok)}</td>${policies.map(({ name }) => {
        const own = activity.get(name);
        const share =
          own === undefined || own.waiting.total === 0 ? 0 : (own.answered.get(id) ?? 0) / own.waiting.total;
        return html`<td style="--share:${Math.round(100 * share)}%">${(100 * share).toFixed(share > 0 && share < 0.1 ? 1 : 0)}\u00a0%</td>`;
      })}</tr>\n`,
  )}</tbody></table></div>`;
}
