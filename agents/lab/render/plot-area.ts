import { MARGIN } from './chart.js';
import type { Box, Spot } from './label-places.js';

/** A cost, US dollars of 1,000 queries, and a quality. */
export type CostPoint = readonly [costPer1000: number, quality: number];

/** Left empty at either end of the cost axis: a share of its decades, and no less than so many. */
const ROOM = { share: 0.03, least: 0.1 } as const;
const FEWEST_TICKS = 3;
/** Where there is nothing to draw. */
const EMPTY: readonly CostPoint[] = [
  [0.1, 0],
  [10, 1],
];

/** A logarithmic cost axis and a quality axis that hold all points, and where points lie between them. */
export class PlotArea {
  readonly size: { readonly width: number; readonly height: number };
  readonly margin: { readonly left: number; readonly right: number; readonly top: number; readonly bottom: number };
  readonly cost: { readonly min: number; readonly max: number; readonly ticks: readonly number[] };
  readonly quality: { readonly min: number; readonly max: number; readonly interval: number };

  /** @param given points with costs above 0 */
  constructor(given: readonly CostPoint[], size: PlotArea['size'], margin: PlotArea['margin'] = MARGIN) {
    this.size = size;
    this.margin = margin;
    const points = given.length > 0 ? given : EMPTY;
    const logs = points.map(([cost]) => Math.log10(cost));
    const qualities = points.map(([, quality]) => quality);
    const room = Math.max(ROOM.least, ROOM.share * (Math.max(...logs) - Math.min(...logs)));
    const min = 10 ** (Math.min(...logs) - room);
    const max = 10 ** (Math.max(...logs) + room);
    this.cost = { min, max, ticks: ticksOf(min, max) };
    this.quality = qualityAxis(Math.min(...qualities), Math.max(...qualities));
  }

  /** Where names may stand: right of the axis, above the other one, and up to the edge of the picture. */
  get room(): Box {
    const { margin, size } = this;
    return { left: margin.left, right: size.width, top: margin.top, bottom: size.height - margin.bottom };
  }

  spotOf([cost, quality]: CostPoint): Spot {
    const { margin, size } = this;
    const across = Math.log(cost / this.cost.min) / Math.log(this.cost.max / this.cost.min);
    const up = (quality - this.quality.min) / (this.quality.max - this.quality.min);
    return {
      x: margin.left + across * (size.width - margin.left - margin.right),
      y: size.height - margin.bottom - up * (size.height - margin.top - margin.bottom),
    };
  }
}

/** In tenths, or in smaller steps where points lie close together. */
function qualityAxis(low: number, high: number): PlotArea['quality'] {
  const range = high - low;
  const steps = range < 0.1 ? 50 : range < 0.35 ? 20 : 10;
  // Less what rounding leaves of them.
  return {
    min: Math.max(0, Math.floor(steps * low - 0.1) / steps),
    max: Math.min(1, Math.ceil(steps * high + 0.1) / steps),
    interval: 1 / steps,
  };
}

/** 1, 2 and 5 times powers of ten; every digit where those are too few. */
function ticksOf(min: number, max: number): number[] {
  const few = multiples([1, 2, 5], min, max);
  return few.length >= FEWEST_TICKS ? few : multiples([1, 2, 3, 4, 5, 6, 7, 8, 9], min, max);
}

function multiples(digits: readonly number[], min: number, max: number): number[] {
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(min)); power <= Math.log10(max); power++) {
    ticks.push(...digits.map((digit) => Number(`${digit}e${power}`)));
  }
  return ticks.filter((tick) => tick >= min && tick <= max);
}
