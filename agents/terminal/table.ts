import { printable } from './printer.js';

type Cell = string | number | undefined;

const NUMBER = /^[-\d.,]*$/;

/** Aligned columns, two blanks apart; columns of numbers to the right. Empty without rows. */
export function renderTable(headings: readonly string[], rows: readonly (readonly Cell[])[]): string {
  if (rows.length === 0) return '';
  const texts = rows.map((row) => row.map((cell) => printable(String(cell ?? '')).replace(/[\n\t]/g, ' ')));
  const columns = headings.map((heading, at) => {
    const cells = texts.map((row) => row[at] ?? '');
    return { width: Math.max(heading.length, ...cells.map((cell) => cell.length)), right: cells.every(isNumber) };
  });
  const lines = [headings, ...texts].map((row) =>
    columns
      .map(({ width, right }, at) => (right ? (row[at] ?? '').padStart(width) : (row[at] ?? '').padEnd(width)))
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
