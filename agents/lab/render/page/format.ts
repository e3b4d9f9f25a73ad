import type { Millis } from '../../../../syscalls/syscall.js';
import type { Figure } from '../../metrics/statistics.js';

const TIMES = '\u00d7';
/** What does not break at the end of a line. */
const SPACE = '\u00a0';
const NOTHING = '\u2013';

/** How a value is written; its unit included. @param like value whose unit it takes; by default its own */
export type Format = (value: number, like?: number) => string;

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
export const change: Format = (share, like = share) => {
  if (like > 2) return `${TIMES}${SPACE}${plain(share)}`;
  return `${share > 1 ? '+' : ''}${percent(share - 1)}`;
};

/** Milliseconds in the unit that keeps them short. */
export function duration(ms: Millis, like = ms): string {
  if (like < 1000) return `${plain(ms)}${SPACE}ms`;
  if (like < 120_000) return `${plain(ms / 1000)}${SPACE}s`;
  return like < 7_200_000 ? `${plain(ms / 60_000)}${SPACE}min` : `${plain(ms / 3_600_000)}${SPACE}h`;
}

export function meanOfFigure(figure: Figure | null, format: Format): string {
  return figure === null ? NOTHING : format(figure.mean);
}

/** `low to high` in the unit of the mean, of which one may be out of reach; null: there is no interval. */
export function intervalOf(figure: Figure | null, format: Format): string | null {
  if (figure === null || (figure.low === null && figure.high === null)) return null;
  const [low, high] = [figure.low, figure.high].map((end) => (end === null ? NOTHING : format(end, figure.mean)));
  return `${low} to ${high}`;
}

/** The mean, and the interval in brackets. */
export function withInterval(figure: Figure | null, format: Format): string {
  const interval = intervalOf(figure, format);
  return `${meanOfFigure(figure, format)}${interval === null ? '' : ` (${interval})`}`;
}

/** A number of things. */
export function count(value: number): string {
  return WHOLE.format(value);
}
