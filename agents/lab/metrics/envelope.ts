/** Points that a router can reach, in any order. */
export interface Frontier {
  /** Mean US dollars a record. */
  readonly cost: Float64Array;
  /** Mean score. */
  readonly quality: Float64Array;
}

/** Qualities are equal if no further apart: sums of one set of scores in two orders. */
const ROUNDING = 1e-9;

/**
 * The non-decreasing concave envelope of a frontier: what mixing its points at random reaches at each cost. It spans
 * the costs of the points, with the highest quality held to the most expensive point.
 */
export class Envelope {
  /** Increasing. */
  readonly cost: Float64Array;
  /** Not decreasing, with slopes that do not grow. */
  readonly quality: Float64Array;

  /** @param points one or more */
  constructor({ cost, quality }: Frontier) {
    const order = inOrder(cost, quality);
    const hull: number[] = [];
    for (const point of order) {
      const top = hull.at(-1);
      if (top !== undefined && quality[point]! <= quality[top]!) continue;
      while (hull.length > 1 && !turnsRight(cost, quality, hull.at(-2)!, hull.at(-1)!, point)) hull.pop();
      hull.push(point);
    }
    const last = hull.at(-1)!;
    const mostExpensive = cost[order.at(-1)!]!;
    const flat = mostExpensive > cost[last]!;
    this.cost = Float64Array.from([...hull.map((point) => cost[point]!), ...(flat ? [mostExpensive] : [])]);
    this.quality = Float64Array.from([...hull, ...(flat ? [last] : [])], (point) => quality[point]!);
  }

  /** Quality of its cheapest point. */
  get lowest(): number {
    return this.quality[0]!;
  }

  get highest(): number {
    return this.quality.at(-1)!;
  }

  /** Least cost of a quality; null outside the range. */
  costAt(quality: number): number | null {
    if (quality < this.lowest - ROUNDING || quality > this.highest + ROUNDING) return null;
    const place = this.quality.findIndex((value) => value >= quality - ROUNDING);
    if (place === 0) return this.cost[0]!;
    const low = this.quality[place - 1]!;
    const high = this.quality[place]!;
    const share = Math.min(1, (quality - low) / (high - low));
    return this.cost[place - 1]! + share * (this.cost[place]! - this.cost[place - 1]!);
  }

  /** Quality at a cost; null outside the range. */
  qualityAt(cost: number): number | null {
    const place = this.cost.findIndex((value) => value >= cost);
    if (place < 0 || cost < this.cost[0]!) return null;
    if (place === 0) return this.lowest;
    const low = this.cost[place - 1]!;
    const share = (cost - low) / (this.cost[place]! - low);
    return this.quality[place - 1]! + share * (this.quality[place]! - this.quality[place - 1]!);
  }

  /** Mean quality over a window of costs that does not begin below the cheapest point. Beyond the most expensive one the highest holds. */
  meanQuality(from: number, to: number): number {
    const at = (cost: number) => this.qualityAt(cost) ?? this.highest;
    let area = 0;
    let left = from;
    for (const cost of [...this.cost.filter((cost) => cost > from && cost < to), to]) {
      area += ((at(left) + at(cost)) / 2) * (cost - left);
      left = cost;
    }
    return area / (to - from);
  }
}

/** By cost, then from high quality to low. Sweeps are nearly in order already, which insertion makes use of. */
function inOrder(cost: Float64Array, quality: Float64Array): Int32Array {
  const order = Int32Array.from(cost.keys());
  for (let i = 1; i < order.length; i++) {
    const point = order[i]!;
    let j = i;
    for (; j > 0; j--) {
      const before = order[j - 1]!;
      if (cost[before]! < cost[point]!) break;
      if (cost[before] === cost[point] && quality[before]! >= quality[point]!) break;
      order[j] = before;
    }
    order[j] = point;
  }
  return order;
}

function turnsRight(cost: Float64Array, quality: Float64Array, a: number, b: number, c: number): boolean {
  return (quality[b]! - quality[a]!) * (cost[c]! - cost[b]!) > (quality[c]! - quality[b]!) * (cost[b]! - cost[a]!);
}
