import { printable } from './printer.js';
import { padEnd, padStart, widthOf } from './width.js';

type Cell = string | number | undefined;

const NUMBER = /^[-\d.,]*$/;

/** Aligned columns, two blanks apart; columns of numbers to the right. Empty without rows. */
export function renderTable(headings: readonly string[], rows: readonly (readonly Cell[])[]): string {
  if (rows.length === 0) return '';
  const texts = rows.map((row) => row.map((cell) => printable(String(cell ?? '')).replace(/[\n\t]/g, ' ')));
  const columns = headings.map((heading, at) => {
    const cells = texts.map((row) => row[at] ?? '');
    return { width: widest([heading, ...cells]), right: cells.every(isNumber) };
  });
  const lines = [headings, ...texts].map((row) =>
    columns
      .map(({ width, right }, at) => (right ? padStart(row[at] ?? '', width) : padEnd(row[at] ?? '', width)))
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}

function isNumber(text: string): boolean {
  return NUMBER.test(text);
}

/** US dollars, small sums to three digits. */
export function dollars(usd: number): string {
  return usd === 0 || usd >= 1 ? usd.toFixed(2) : usd.toFixed(Math.min(12, 2 - Math.floor(Math.log10(usd))));
}

/** Milliseconds as seconds. */
export function seconds(ms: number): string {
  return (ms / 1000).toFixed(2);
}

/**
 * A table of one column a contender, in as many blocks as the width needs. The labels stand at the left of each block.
 *
 * @param columns texts of one contender, as many as there are labels
 * @param width of the terminal, in cells
 */
export function renderColumns(
  labels: readonly string[],
  columns: readonly (readonly string[])[],
  width: number,
): string {
  const labelWidth = widest(labels);
  const blocks: string[] = [];
  for (let start = 0; start < columns.length; ) {
    const block: (readonly string[])[] = [];
    let used = labelWidth;
    for (const column of columns.slice(start)) {
      used += 2 + widest(column);
      if (block.length > 0 && used > width) break;
      block.push(column);
    }
    start += block.length;
    blocks.push(renderBlock(labels, labelWidth, block));
  }
  return blocks.join('\n');
}

function renderBlock(labels: readonly string[], labelWidth: number, columns: readonly (readonly string[])[]): string {
  const widths = columns.map(widest);
  const lines = labels.map((label, i) =>
    [padEnd(label, labelWidth), ...columns.map((column, c) => padEnd(column[i] ?? '', widths[c] ?? 0))]
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}

/** A number in three digits. */
export function digits(value: number): string {
  const size = Math.abs(value);
  if (size >= 1000) return value.toFixed(0);
  if (size === 0) return '0';
  return size < 0.001 ? value.toExponential(2) : String(Number(value.toPrecision(3)));
}

function widest(texts: readonly string[]): number {
  return Math.max(...texts.map(widthOf));
}
