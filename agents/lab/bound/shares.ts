/** Smaller shares are none. */
const LEAST_SHARE = 1e-3;

/** Mean of what a pair costs more than the best one of its call. */
export function usualRegret(net: Float64Array, m: number): number {
  let sum = 0;
  let pairs = 0;
  for (let from = 0; from < net.length; from += m) {
    const row = net.slice(from, from + m).filter((value) => !Number.isNaN(value));
    const least = Math.min(...row);
    for (const value of row) sum += value - least;
    pairs += row.length;
  }
  return sum / pairs;
}

/** Pairs that cost more than the best one by so many usual gaps between a call's best and second pair are left out. */
const WORTH_A_LOOK = 10;

/**
 * The net costs of the pairs that may take part in a solution near these prices, NaN for the others. Prices are smoothed by a
 * share of what a usual pair costs more than the best one: without the hopeless pairs that is little.
 */
export function narrowed(net: Float64Array, seconds: Float64Array, prices: Float64Array): Float64Array {
  const m = prices.length;
  const regrets = new Float64Array(net.length);
  let gaps = 0;
  for (let from = 0; from < net.length; from += m) {
    const reduced = prices.map((price, j) => net[from + j]! + price * seconds[from + j]!);
    const [least = 0, second = least] = reduced.toSorted();
    gaps += second - least;
    regrets.set(
      reduced.map((value) => value - least),
      from,
    );
  }
  const most = (WORTH_A_LOOK * gaps * m) / net.length;
  return net.map((value, cell) => (regrets[cell]! <= most ? value : Number.NaN));
}

/** How a call is shared among the cores: by exp(-regret / near), where the regret is what it costs more there, time at its price. */
export function sharesOf(
  share: Float64Array,
  net: Float64Array,
  seconds: Float64Array,
  prices: Float64Array,
  from: number,
  near: number,
): void {
  let least = Infinity;
  for (let j = 0; j < share.length; j++) {
    share[j] = net[from + j]! + prices[j]! * seconds[from + j]!;
    if (share[j]! < least) least = share[j]!;
  }
  let total = 0;
  for (let j = 0; j < share.length; j++) {
    // Pairs that are left out have no net cost. Where all are equal, nothing is near.
    const part = share[j] === least ? 1 : Math.exp((least - share[j]!) / near);
    share[j] = part > LEAST_SHARE ? part : 0;
    total += share[j]!;
  }
  for (let j = 0; j < share.length; j++) share[j]! /= total;
}
