import { renderColumns } from './columns.js';
import type { ClaimReport, CompareReport, FrontierReport } from './report.js';
import { show } from './table.js';

const LABELS = ['', 'saving at 100 % of best', 'saving at 98 %', 'saving at 95 %', 'AIQ', 'AIQ less single models'];

/** What a sweep found, as text: how far each policy can go, and what it does at equal quality or cost. Empty without a sweep. */
export function renderFrontier({ frontier, claims }: CompareReport, width: number): string {
  if (claims.length === 0) return '';
  const swept = frontier.filter(({ points }) => points.length > 1).map(columnOf);
  const lines = claims.map(claimOf).filter((line) => line !== undefined);
  return `${renderColumns(LABELS, swept, width)}\n${lines.join('\n')}\n`;
}

function columnOf({ router, savingAt, aiq, aiqMinusZero }: FrontierReport): string[] {
  const figures = [savingAt['1.00'], savingAt['0.98'], savingAt['0.95'], aiq, aiqMinusZero];
  return [router, ...figures.map((figure) => show(figure))];
}

/** Undefined: there is nothing to claim. */
function claimOf(claim: ClaimReport): string | undefined {
  const { policy, base, savingAtEqualQuality, turnaroundShareAtEqualQuality, pointsAtEqualCost } = claim;
  const parts = [
    ...(savingAtEqualQuality === null
      ? []
      : [
          `at its quality ${show(savingAtEqualQuality, 0.01)} % cheaper, turnaround x ${show(turnaroundShareAtEqualQuality)}`,
        ]),
    ...(pointsAtEqualCost === null ? [] : [`at its cost ${show(pointsAtEqualCost)} points better`]),
  ];
  return parts.length === 0 ? undefined : `${policy} against ${base}: ${parts.join('; ')}`;
}
