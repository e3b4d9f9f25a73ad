import { INK } from '../chart.js';
import { GRID, MUTED } from './theme.js';

/** How every axis of the page looks. */
export const AXIS = {
  nameTextStyle: { color: MUTED, fontSize: 12 },
  axisLabel: { color: MUTED, fontSize: 12 },
  axisLine: { lineStyle: { color: MUTED } },
  axisTick: { lineStyle: { color: MUTED } },
  splitLine: { lineStyle: { color: GRID } },
} as const;

/** Of the fonts that a page may get the usual ones take 6 pixels a letter, which is what the library reckons with; the widest take more. */
const LETTER_WIDTH = 7.2;
const WIDEST = 1.2;

/** One row each, from top to bottom. */
export function rowsAxis(names: readonly string[], width: number) {
  return {
    ...AXIS,
    type: 'category',
    data: names,
    inverse: true,
    axisTick: { show: false },
    axisLine: { show: false },
    splitLine: { show: false },
    axisLabel: {
      color: INK,
      fontSize: 12,
      width: width / WIDEST,
      overflow: 'truncate',
      ellipsis: '\u2026',
      interval: 0,
    },
  } as const;
}

/** Pixels that a column of names takes, at most `most`. */
export function widthOf(names: readonly string[], most: number): number {
  return Math.min(most, Math.ceil(LETTER_WIDTH * Math.max(0, ...names.map((name) => name.length))) + 4);
}

/** What a custom series gets of the library: where values lie in the picture. */
export interface Places {
  coord(point: readonly [x: number, y: number]): [x: number, y: number];
  size(span: readonly [width: number, height: number]): [width: number, height: number];
}
