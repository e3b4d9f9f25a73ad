import type { CompareReport } from '../../compare/report.js';
import type { PolicyActivity } from './activity.js';
import { plain } from './format.js';
import { breakable, html, type Markup } from './markup.js';
import { table } from './table.js';

/** Which share of its answers each policy got from which core: cores from cheap to expensive, the fuller the darker. */
export function coreShares(
  { policies, load: { cores } }: CompareReport,
  activity: ReadonlyMap<string, PolicyActivity>,
): Markup {
  const shareOf = (policy: string, core: string) => {
    const { waiting, answered } = activity.get(policy) ?? {};
    return waiting === undefined || waiting.total === 0 ? 0 : (answered?.get(core) ?? 0) / waiting.total;
  };
  return table(
    'Shares of the cores',
    [
      'Core',
      html`<span class="price">USD per million output tokens</span>`,
      ...policies.map(({ name }) => breakable(name)),
    ],
    cores
      .toSorted((a, b) => a.outputPerMTok - b.outputPerMTok)
      .map(({ id, outputPerMTok }) => ({
        names: [id],
        cells: [
          html`<td class="price">${plain(outputPerMTok)}</td>`,
          ...policies.map(({ name }) => {
            const percent = 100 * shareOf(name, id);
            return html`<td style="--share:${Math.round(percent)}%">${percent.toFixed(percent > 0 && percent < 10 ? 1 : 0)}\u00a0%</td>`;
          }),
        ],
      })),
    'shares',
  );
}
