import { MARGIN } from './chart.js';
import type { Box, Spot } from './label-places.js';

/** A cost, US dollars of 1,000 queries, and a quality. */
export type CostPoint = readonly [costPer1000: number, quality: number];

/** Left empty at either end of the cost axis: a share of its decades, and no less than so many. */
const ROOM = { share: 0.03, least: 0.1 } as const;
/** Where there is nothing to draw. */
const EMPTY: readonly CostPoint[] = [
  [0.1, 0],
  [10, 1],
];

/** A logarithmic cost axis and a quality axis that hold all points, and where points lie between them. */
export class PlotArea {
  readonly size: { readonly width: number; readonly height: number };
  readonly margin = MARGIN;
  readonly cost: { readonly min: number; readonly max: number; readonly ticks: readonly number[] };
  readonly quality: { readonly min: number; readonly max: number };

  /** @param given points with costs above 0 */
  constructor(given: readonly CostPoint[], size: PlotArea['size']) {
    this.size = size;
    const points = given.length > 0 ? given : EMPTY;
    const logs = points.map(([cost]) => Math.log10(cost));
    const qualities = points.map(([, quality]) => quality);
    const room = Math.max(ROOM.least, ROOM.share * (Math.max(...logs) - Math.min(...logs)));
    const min = 10 ** (Math.min(...logs) - room);
    const max = 10 ** (Math.max(...logs) + room);
    this.cost = { min, max, ticks: ticksOf(min, max) };
    // Tenths, less what rounding leaves of them.
    this.quality = {
      min: Math.max(0, Math.floor(10 * Math.min(...qualities) - 0.1) / 10),
      max: Math.min(1, Math.ceil(10 * Math.max(...qualities) + 0.1) / 10),
    };
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

/** 1, 2 and 5 times powers of ten. */
function ticksOf(min: number, max: number): number[] {
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(min)); power <= Math.log10(max); power++) {
    ticks.push(...[1, 2, 5].map((digit) => Number(`${digit}e${power}`)));
  }
  return ticks.filter((tick) => tick >= min && tick <= max);
}
