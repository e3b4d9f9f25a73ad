import type { Millis } from '../../../syscalls/syscall.js';
import { digits } from '../columns.js';
import type { Figure } from '../statistics.js';

const MINUS = '\u2212';
const TIMES = '\u00d7';
/** What does not break at the end of a line. */
const SPACE = '\u00a0';
const NOTHING = '\u2013';

/** How a value is written; its unit included. */
export type Format = (value: number) => string;

export const plain: Format = (value) => digits(value).replace('-', MINUS);
export const usd: Format = (value) => `$${plain(value)}`;
export const percent: Format = (value) => `${plain(100 * value)}${SPACE}%`;
export const points: Format = (value) => `${value > 0 ? '+' : ''}${plain(value)}`;
/** More than twice the base's reads better as a multiple. */
export const change: Format = (share) => {
  if (share > 2) return `${TIMES}${SPACE}${plain(share)}`;
  return `${share > 1 ? '+' : ''}${percent(share - 1)}`;
};

/** Milliseconds in the unit that keeps them short. */
export function duration(ms: Millis): string {
  if (ms < 1000) return `${plain(ms)}${SPACE}ms`;
  if (ms < 120_000) return `${plain(ms / 1000)}${SPACE}s`;
  return ms < 7_200_000 ? `${plain(ms / 60_000)}${SPACE}min` : `${plain(ms / 3_600_000)}${SPACE}h`;
}

export function meanOfFigure(figure: Figure | null, format: Format): string {
  return figure === null ? NOTHING : format(figure.mean);
}

/** `low to high`; null: there is no interval. */
export function intervalOf(figure: Figure | null, format: Format): string | null {
  if (figure === null || figure.low === null || figure.high === null) return null;
  return `${format(figure.low)} to ${format(figure.high)}`;
}

/** A count with its thousands apart. */
export function count(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}
