import type { CompareReport } from '../../compare/report.js';
import type { Figure } from '../../metrics/statistics.js';
import { change, type Format, points } from './format.js';
import { html, type Markup } from './markup.js';
import { figureCell, table } from './table.js';

/** What each policy changes by comparison with the base, and whether the seeds show a clear difference. */
export function changesTable({ paired }: CompareReport, base: string): Markup {
  return table(
    `Differences to ${base}`,
    ['Policy', 'Quality, points of 100', 'Cost', 'Mean turnaround'],
    paired.map(({ policy, qualityPoints, costShare, turnaroundShare }) => ({
      names: [policy],
      cells: [
        cell(qualityPoints, points, 0, ['better', 'worse']),
        cell(costShare, change, 1, ['more expensive', 'cheaper']),
        cell(turnaroundShare, change, 1, ['slower', 'faster']),
      ],
    })),
  );
}

/** @param same what the figure is where nothing differs */
function cell(figure: Figure | null, format: Format, same: number, [more, less]: readonly [string, string]): Markup {
  if (figure === null) return figureCell(figure, format);
  const { mean, low, high } = figure;
  const verdict = () => {
    if (low === null || high === null) return mean === same ? 'the same' : mean > same ? more : less;
    if (low > same) return more;
    return high < same ? less : low === high ? 'the same' : 'no clear difference';
  };
  return figureCell(figure, format, html` <span class="verdict">${verdict()}</span>`);
}
