import type { CompareReport } from '../../compare/report.js';
import type { Figure } from '../../metrics/statistics.js';
import { change, percent, points } from './format.js';
import { html, type Markup } from './markup.js';
import { figureCell, table } from './table.js';

/** What the other settings of a policy show by comparison with each other policy as it took part; null: none was swept. */
export function claimsTable({ claims }: CompareReport): Markup | null {
  if (claims.length === 0) return null;
  return table(
    'Claims at equal quality and at equal cost',
    [
      'Policy, swept',
      'against',
      'Saves, at its quality',
      'Mean turnaround there',
      'Points of 100 better, at its cost',
      'As it is, cheaper than the line of the other',
      'Mean turnaround there',
    ],
    claims.map((claim) => ({
      names: [claim.policy, claim.base],
      cells: [
        figureCell(claim.savingAtEqualQuality, percent),
        figureCell(claim.turnaroundShareAtEqualQuality, change),
        figureCell(claim.pointsAtEqualCost, points),
        figureCell(claim.savingAtOwnQuality, percent),
        figureCell(claim.turnaroundShareAtOwnQuality, change),
      ],
    })),
  );
}

/** What each router reaches by comparison with the single models; null: none reaches anything of it. */
export function reachTable({ frontier }: CompareReport): Markup | null {
  const routers = frontier.filter(
    ({ savingAt, aiqMinusZero }) => aiqMinusZero !== null || Object.values(savingAt).some((saving) => saving !== null),
  );
  if (routers.length === 0) return null;
  return html`<h3>Against the single models</h3>
${table(
  'Against the single models',
  [
    'Router',
    'Saves, at the quality of the best single model',
    'at 98\u00a0% of it',
    'at 95\u00a0% of it',
    'Mean quality over cost, less that of mixing models, points of 100',
  ],
  routers.map(({ router, savingAt, aiqMinusZero }) => ({
    names: [router],
    cells: [
      ...(['1.00', '0.98', '0.95'] as const).map((at) => figureCell(savingAt[at], percent)),
      figureCell(hundredfold(aiqMinusZero), points),
    ],
  })),
)}`;
}

function hundredfold(figure: Figure | null): Figure | null {
  if (figure === null) return null;
  const { mean, low, high } = figure;
  return { mean: 100 * mean, low: low === null ? null : 100 * low, high: high === null ? null : 100 * high };
}
