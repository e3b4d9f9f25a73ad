import type { Millis } from '../../../../syscalls/syscall.js';
import type { Figure } from '../../metrics/statistics.js';

const TIMES = '\u00d7';
/** What does not break at the end of a line. */
const SPACE = '\u00a0';
const NOTHING = '\u2013';

/** How a value is written; its unit included. */
export type Format = (value: number) => string;

const THREE_DIGITS = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });
const WHOLE = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** Three digits, and thousands apart. */
export const plain: Format = (value) =>
  (Math.abs(value) < 1000 ? THREE_DIGITS : WHOLE).format(value === 0 ? 0 : value).replace('-', '\u2212');
/** Of qualities, so that they stand in line. */
export const score: Format = (value) => value.toFixed(3);
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

/** `low to high`, of which one may be out of reach; null: there is no interval. */
export function intervalOf(figure: Figure | null, format: Format): string | null {
  if (figure === null || (figure.low === null && figure.high === null)) return null;
  const [low, high] = [figure.low, figure.high].map((end) => (end === null ? NOTHING : format(end)));
  return `${low} to ${high}`;
}

/** A number of things. */
export function count(value: number): string {
  return WHOLE.format(value);
}
