import { fluidPrices } from '../../../schedulers/eccos/assign/fluid-prices.js';
import { meanOf } from '../metrics/statistics.js';
import { narrowed, sharesOf, usualRegret } from './shares.js';

/** All calls of a load on all cores, n x m, row-major. */
export interface FluidLoad {
  readonly n: number;
  readonly m: number;
  /** What decides: predicted quality, US dollars and seconds. */
  readonly predicted: Cells;
  /** What comes of it. */
  readonly realised: Cells;
  /** Slot-seconds of each core. */
  readonly capacity: readonly number[];
}

interface Cells {
  readonly quality: Float64Array;
  readonly costUsd: Float64Array;
  readonly seconds: Float64Array;
}

/** A division of the calls among the cores that fits the time there is. */
export interface FluidPoint {
  /** Mean over the calls. */
  readonly predictedQuality: number;
  /** Mean over the calls, as realised. */
  readonly quality: number;
  /** US dollars of all calls, as realised. */
  readonly costUsd: number;
}

/** Solutions at one price of quality: the mean of the last ones counts, and there are no more when it fits. */
const AVERAGED = 4;
const MOST_ROUNDS = 30;
/** By which share the work of a core may miss its time while there are rounds left, and exceed it in the end. */
const MISS = 0.015;
const EXCESS = 0.03;
/** A capacity is corrected by this factor at most. */
const MOST_SCALE = 10;
/** Prices of quality are looked for within so many steps, of this factor. */
const MOST_STEPS = 14;
const STEP = 4;
/** Two divisions whose predicted qualities are no further apart are mixed. */
const NEAR = 0.01;
const MOST_HALVINGS = 8;
/**
 * A call is shared among cores whose regrets differ by about so many usual ones, as the smoothed duals have it: where the same few calls come
 * again and again, whole ones leave a core too full or too empty. At 0.003 five of eight such instances did not settle.
 */
const NEAR_REGRET = 0.01;

/**
 * The least cost at which all calls, known beforehand and free to be divided, reach a mean predicted quality, if time is
 * all that a core is short of:
 *
 *     min sum cost_ij x_ij   s.t.  sum_j x_ij = 1,  sum quality_ij x_ij >= alpha n,  sum_i seconds_ij x_ij <= capacity_j,  x >= 0
 *
 * with predicted figures, and capacities that are corrected until the *realised* time fits. What it costs is what is realised.
 * No policy that decides by these predictions and works off what comes while it comes can do better, but for chance.
 *
 * For a price of quality the program is solved by its duals (`fluidPrices`). Each call takes its best core at these prices, and shares of
 * several that are about as good; the mean of several solutions counts, while capacities are corrected.
 */
export class FluidBound {
  readonly #load: FluidLoad;
  /** By price of quality. */
  readonly #known = new Map<number, FluidPoint | null>();
  /** Capacities in predicted seconds by those in realised ones. */
  #scale: Float64Array;
  #prices: Float64Array | undefined;

  constructor(load: FluidLoad) {
    this.#load = load;
    const { m, predicted, realised } = load;
    this.#scale = Float64Array.from(
      { length: m },
      (_, j) => sumOfCore(predicted.seconds, j, m) / sumOfCore(realised.seconds, j, m),
    );
  }

  /** The best division at a price of quality, US dollars from surely wrong to surely right; null: the calls do not fit. */
  at(lambda: number): FluidPoint | null {
    const known = this.#known.get(lambda);
    if (known !== undefined) return known;
    const point = this.#solve(lambda);
    this.#known.set(lambda, point);
    return point;
  }

  /** The least cost of a mean predicted quality; the cheapest division, if that is better. Null: out of reach, or the calls do not fit. */
  reaching(predictedQuality: number): FluidPoint | null {
    let low = this.#nearest(predictedQuality, -1);
    let high = this.#nearest(predictedQuality, 1);
    for (let step = 0; this.#qualityAt(high) < predictedQuality; step++, high *= STEP) {
      if (step === MOST_STEPS) return null;
      low = high;
    }
    for (let step = 0; this.#qualityAt(low) > predictedQuality; step++, low /= STEP) {
      if (step === MOST_STEPS) return this.at(low);
      high = low;
    }
    const width = () => this.#qualityAt(high) - this.#qualityAt(low);
    for (let halving = 0; width() > NEAR && halving < MOST_HALVINGS; halving++) {
      const middle = Math.sqrt(low * high);
      if (this.#qualityAt(middle) < predictedQuality) low = middle;
      else high = middle;
    }
    const [below, above] = [this.at(low), this.at(high)];
    return below && above && mixture(below, above, predictedQuality);
  }

  /** NaN, which is neither more nor less than any: the calls do not fit. */
  #qualityAt(lambda: number): number {
    return this.at(lambda)?.predictedQuality ?? Number.NaN;
  }

  /** The known price whose quality is next to this one, below (-1) or above (1); else a usual one. */
  #nearest(predictedQuality: number, side: 1 | -1): number {
    const gap = (point: FluidPoint | null) => side * ((point?.predictedQuality ?? Number.NaN) - predictedQuality);
    const beyond = [...this.#known].filter(([, point]) => gap(point) >= 0);
    return beyond.sort(([, a], [, b]) => gap(a) - gap(b))[0]?.[0] ?? usualPrice(this.#load);
  }

  #solve(lambda: number): FluidPoint | null {
    const { predicted, capacity, m } = this.#load;
    const all = predicted.costUsd.map((usd, cell) => usd - lambda * predicted.quality[cell]!);
    const net = narrowed(all, predicted.seconds, this.#pricesOf(all));
    const near = NEAR_REGRET * usualRegret(net, m);
    let last: Division[] = [];
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const prices = this.#pricesOf(net);
      const division = this.#divide(net, prices, near);
      last = [...last.slice(1 - AVERAGED), division];
      const ratios = capacity.map((slots, j) => meanOf(last.map(({ seconds }) => seconds[j]!)) / slots);
      const isClose = ratios.every((ratio, j) => ratio < 1 + MISS && (ratio > 1 - MISS || prices[j] === 0));
      if (last.length === AVERAGED && (isClose || (round === MOST_ROUNDS - 1 && ratios.every((r) => r < 1 + EXCESS)))) {
        return meanPoint(last);
      }
      for (let j = 0; j < m; j++) {
        const ratio = division.seconds[j]! / capacity[j]!;
        if (prices[j]! > 0 || ratio > 1) this.#correct(j, ratio, round < AVERAGED ? 1 : 0.5);
      }
    }
    return null;
  }

  /** Each call on its best core at these prices; on several that are about as good, in shares. */
  #divide(net: Float64Array, prices: Float64Array, near: number): Division {
    const { n, m, predicted, realised } = this.#load;
    const seconds = new Float64Array(m);
    const share = new Float64Array(m);
    const sum = { predictedQuality: 0, quality: 0, costUsd: 0 };
    for (let from = 0; from < n * m; from += m) {
      sharesOf(share, net, predicted.seconds, prices, from, near);
      for (let j = 0, cell = from; j < m; j++, cell++) {
        const part = share[j]!;
        if (part === 0) continue;
        seconds[j]! += part * realised.seconds[cell]!;
        sum.predictedQuality += part * predicted.quality[cell]!;
        sum.quality += part * realised.quality[cell]!;
        sum.costUsd += part * realised.costUsd[cell]!;
      }
    }
    return { predictedQuality: sum.predictedQuality / n, quality: sum.quality / n, costUsd: sum.costUsd, seconds };
  }

  #pricesOf(net: Float64Array): Float64Array {
    const { n, m, predicted, capacity } = this.#load;
    const seen = capacity.map((slots, j) => slots * this.#scale[j]!);
    this.#prices = fluidPrices({ n, m, net, seconds: predicted.seconds, capacity: seen, warm: this.#prices });
    return this.#prices;
  }

  /** @param ratio time that was taken by time that there is @param power how far to go at once */
  #correct(core: number, ratio: number, power: number): void {
    const scale = this.#scale[core]! / ratio ** power;
    this.#scale[core] = Math.max(1 / MOST_SCALE, Math.min(MOST_SCALE, scale));
  }
}

/** A point, and the time that it takes of each core. */
type Division = FluidPoint & { readonly seconds: Float64Array };

function meanPoint(divisions: readonly Division[]): FluidPoint {
  return {
    predictedQuality: meanOf(divisions.map(({ predictedQuality }) => predictedQuality)),
    quality: meanOf(divisions.map(({ quality }) => quality)),
    costUsd: meanOf(divisions.map(({ costUsd }) => costUsd)),
  };
}

function sumOfCore(values: Float64Array, core: number, m: number): number {
  let sum = 0;
  for (let cell = core; cell < values.length; cell += m) sum += values[cell]!;
  return sum;
}

/** A price of quality to begin with: dollars by quality, of the usual differences between cores. */
function usualPrice({ predicted: { costUsd, quality } }: FluidLoad): number {
  const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const spread = (values: Float64Array) => Math.sqrt(mean(values.map((value) => value ** 2)) - mean(values) ** 2);
  return spread(costUsd) / spread(quality) || 1;
}

/** The mixture of two divisions that has this predicted quality; if neither is below or above it, the nearer one. */
function mixture(below: FluidPoint, above: FluidPoint, predictedQuality: number): FluidPoint {
  const span = above.predictedQuality - below.predictedQuality;
  const share = span > 0 ? Math.max(0, Math.min(1, (predictedQuality - below.predictedQuality) / span)) : 1;
  const mix = (of: (point: FluidPoint) => number) => of(below) + share * (of(above) - of(below));
  return {
    predictedQuality: mix((point) => point.predictedQuality),
    quality: mix((point) => point.quality),
    costUsd: mix((point) => point.costUsd),
  };
}
