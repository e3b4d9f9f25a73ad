/** Calls, what each costs on each core and how long it takes there, and how much time the cores have. Matrices are row-major. */
export interface FluidProblem {
  /** Calls. */
  readonly n: number;
  /** Cores. */
  readonly m: number;
  /** US dollars net of quality, n x m; NaN = the pair cannot be used. */
  readonly net: Float64Array;
  /** Seconds on the core, n x m. */
  readonly seconds: Float64Array;
  /** Slot-seconds of each core. */
  readonly capacity: readonly number[];
  /** Prices of an earlier, similar problem: fewer steps then do. */
  readonly warm?: Float64Array | undefined;
}

/** Smoothing, as a share of what a usual core costs more than the best one: first, first of a warm start, and last. */
const SMOOTHING = { first: 1, warm: 0.06, last: 0.03 } as const;
const MOST_HALVINGS = 12;
/** Times that the dual may be looked at in one solve, from nothing and from prices of an earlier problem. */
const MOST_LOOKS = { cold: 200, warm: 40 } as const;
/** A gradient, as a share of the seconds of a usual call, that counts as nothing. */
const FLAT = 1e-3;
/** A core so many smoothings above the best one of a call gets nothing of it: exp(-16) is 1e-7. */
const FAR = 16;
/** Calls that have less than this share on a core do not tie its price to others: a step that leaves them out still goes up. */
const TIED = 0.001;
/** Added to the diagonal of the Hessian, which is singular where two cores are alike. */
const RIDGE = 1e-4;

/**
 * What a second on each core is worth, US dollars: the duals of the linear program that places all calls at least net
 * cost such that the time they need fits the time there is,
 *
 *     min sum net_ij x_ij   s.t.   sum_j x_ij = 1,   sum_i seconds_ij x_ij <= capacity_j,   x >= 0.
 *
 * Newton's method on the dual, whose minimum over cores is smoothed by an entropy (Cominetti and San Martin, "Asymptotic
 * analysis of the exponential penalty trajectory in linear programming", 1994); the smoothing is halved until it no
 * longer matters. Bounded by counts, deterministic. Without enough capacity prices grow until the looks end.
 */
export function fluidPrices(problem: FluidProblem): Float64Array {
  return new FluidSolve(problem).advance(Number.POSITIVE_INFINITY) as Float64Array;
}

/** The same in pieces, for a thread that must not be held up. */
export class FluidSolve {
  readonly #usual: number;
  readonly #dual: SmoothedDual;
  #prices: Float64Array<ArrayBuffer>;
  #smoothing: number;

  constructor({ n, m, net, seconds, capacity, warm }: FluidProblem) {
    const { regrets, usual } = regretsOf(n, m, net);
    const looks = warm === undefined ? MOST_LOOKS.cold : MOST_LOOKS.warm;
    this.#usual = usual;
    this.#dual = new SmoothedDual({ n, m, regrets, seconds, capacity, looks });
    this.#prices = Float64Array.from(warm ?? new Float64Array(m), (price) => price / usual);
    this.#smoothing = warm === undefined ? SMOOTHING.first : SMOOTHING.warm;
  }

  /** @param looks at the dual after which it pauses: at the end of the step that it is in @returns the prices; undefined: it goes on */
  advance(looks: number): Float64Array | undefined {
    if (!(this.#usual > 0)) return new Float64Array(this.#prices.length);
    const pause = this.#dual.looksLeft - looks;
    do {
      const next = this.#dual.step(this.#prices, this.#smoothing);
      if (next !== undefined) this.#prices = next;
      else if (this.#smoothing <= SMOOTHING.last) return this.#prices.map((price) => price * this.#usual);
      else this.#smoothing = Math.max(SMOOTHING.last, this.#smoothing / 2);
    } while (this.#dual.looksLeft > pause || this.#dual.looksLeft <= 0);
    return undefined;
  }
}

/** By how much each pair costs more than the best one of its call, in units of the mean; infinite where it cannot be used. */
function regretsOf(n: number, m: number, net: Float64Array) {
  const regrets = new Float64Array(n * m).fill(Infinity);
  let sum = 0;
  let pairs = 0;
  for (let from = 0; from < n * m; from += m) {
    let least = Infinity;
    for (let cell = from; cell < from + m; cell++) if (net[cell]! < least) least = net[cell]!;
    for (let cell = from; cell < from + m; cell++) {
      if (Number.isNaN(net[cell]!)) continue;
      regrets[cell] = net[cell]! - least;
      sum += regrets[cell]!;
      pairs++;
    }
  }
  const usual = pairs === 0 ? 0 : sum / pairs;
  if (usual > 0) for (let cell = 0; cell < n * m; cell++) regrets[cell]! /= usual;
  return { regrets, usual };
}

interface DualInput {
  readonly n: number;
  readonly m: number;
  readonly regrets: Float64Array;
  readonly seconds: Float64Array;
  readonly capacity: readonly number[];
  /** Times that it may be looked at. */
  readonly looks: number;
}

/** The dual function a call, -smoothing ln sum_j exp(-(regret + price seconds) / smoothing) - price capacity, and its derivatives. */
class SmoothedDual {
  readonly #input: DualInput;
  readonly #gradient: Float64Array;
  /** Of the negated function: positive semidefinite. */
  readonly #hessian: Float64Array;
  readonly #share: Float64Array;
  /** Places in it that are not small. */
  readonly #shared: Int32Array;
  readonly #usualSeconds: number;
  #looksLeft: number;

  constructor(input: DualInput) {
    this.#input = input;
    this.#gradient = new Float64Array(input.m);
    this.#hessian = new Float64Array(input.m ** 2);
    this.#share = new Float64Array(input.m);
    this.#shared = new Int32Array(input.m);
    this.#looksLeft = input.looks;
    this.#usualSeconds = input.seconds.reduce((sum, one) => sum + one, 0) / input.seconds.length;
  }

  get looksLeft(): number {
    return this.#looksLeft;
  }

  /** A Newton step, kept at prices of 0 or more; undefined: there is none that gains anything, or no look is left. */
  step(prices: Float64Array<ArrayBuffer>, smoothing: number): Float64Array<ArrayBuffer> | undefined {
    if (this.#looksLeft <= 0) return undefined;
    const gradient = this.#gradient;
    const value = this.#derive(prices, smoothing);
    const active = [...prices.keys()].filter((j) => prices[j]! > 0 || gradient[j]! > 0);
    if (active.every((j) => Math.abs(gradient[j]!) < FLAT * this.#usualSeconds)) return undefined;
    return this.#ascend(prices, this.#direction(active), smoothing, value);
  }

  /** The longest of the halved steps that does not lower the value; undefined: none of them. */
  #ascend(prices: Float64Array, direction: Float64Array, smoothing: number, value: number) {
    for (let size = 1, tries = 0; tries < MOST_HALVINGS; tries++, size /= 2) {
      const next = Float64Array.from(prices, (price, j) => Math.max(0, price + size * direction[j]!));
      if (this.#value(next, smoothing) >= value) return next;
    }
    return undefined;
  }

  #value(prices: Float64Array, smoothing: number): number {
    const { n, m } = this.#input;
    this.#looksLeft--;
    let value = 0;
    for (let from = 0; from < n * m; from += m) value += this.#least(from, prices, smoothing);
    return value / n - this.#capacityValue(prices);
  }

  #derive(prices: Float64Array, smoothing: number): number {
    const { n, m, seconds, capacity } = this.#input;
    this.#looksLeft--;
    const gradient = this.#gradient.fill(0);
    const hessian = this.#hessian.fill(0);
    const share = this.#share;
    const shared = this.#shared;
    let value = 0;
    for (let from = 0; from < n * m; from += m) {
      value += this.#least(from, prices, smoothing);
      let count = 0;
      for (let j = 0; j < m; j++) {
        if (share[j] === 0) continue;
        const busy = share[j]! * seconds[from + j]!;
        gradient[j]! += busy;
        hessian[j * m + j]! += busy * (1 - share[j]!) * seconds[from + j]!;
        // Of most calls few cores have a share that counts.
        if (share[j]! >= TIED) shared[count++] = j;
      }
      for (let at = 1; at < count; at++) {
        const j = shared[at]!;
        const busy = share[j]! * seconds[from + j]!;
        for (let other = 0; other < at; other++) {
          const k = shared[other]!;
          hessian[j * m + k]! -= busy * share[k]! * seconds[from + k]!;
        }
      }
    }
    for (let j = 0; j < m; j++) {
      gradient[j] = (gradient[j]! - capacity[j]!) / n;
      for (let k = 0; k <= j; k++) {
        hessian[j * m + k]! /= n * smoothing;
        hessian[k * m + j] = hessian[j * m + k]!;
      }
    }
    return value / n - this.#capacityValue(prices);
  }

  /** The smoothed least cost of a call at these prices; leaves its share on each core in `#share`. */
  #least(from: number, prices: Float64Array, smoothing: number): number {
    const { m, regrets, seconds } = this.#input;
    const share = this.#share;
    let least = Infinity;
    for (let j = 0; j < m; j++) {
      share[j] = regrets[from + j]! + prices[j]! * seconds[from + j]!;
      if (share[j]! < least) least = share[j]!;
    }
    if (least === Infinity) {
      // No core can take it.
      share.fill(0);
      return 0;
    }
    let total = 0;
    for (let j = 0; j < m; j++) {
      const above = (share[j]! - least) / smoothing;
      share[j] = above > FAR ? 0 : Math.exp(-above);
      total += share[j]!;
    }
    for (let j = 0; j < m; j++) if (share[j] !== 0) share[j]! /= total;
    return least - smoothing * Math.log(total);
  }

  #capacityValue(prices: Float64Array): number {
    const { n, capacity } = this.#input;
    return capacity.reduce((sum, slots, j) => sum + prices[j]! * slots, 0) / n;
  }

  /** Solves hessian x direction = gradient over the active cores, by Gauss with pivots. */
  #direction(active: readonly number[]): Float64Array {
    const { m } = this.#input;
    const size = active.length;
    const rows = active.map((j) => [
      ...active.map((k) => this.#hessian[j * m + k]! + (j === k ? RIDGE : 0)),
      this.#gradient[j]!,
    ]);
    for (let i = 0; i < size; i++) {
      let pivot = i;
      for (let k = i + 1; k < size; k++) if (Math.abs(rows[k]![i]!) > Math.abs(rows[pivot]![i]!)) pivot = k;
      [rows[i], rows[pivot]] = [rows[pivot]!, rows[i]!];
      for (let k = i + 1; k < size; k++) {
        const factor = rows[k]![i]! / rows[i]![i]!;
        for (let l = i; l <= size; l++) rows[k]![l]! -= factor * rows[i]![l]!;
      }
    }
    const direction = new Float64Array(m);
    for (let i = size - 1; i >= 0; i--) {
      let rest = rows[i]![size]!;
      for (let k = i + 1; k < size; k++) rest -= rows[i]![k]! * direction[active[k]!]!;
      direction[active[i]!] = rest / rows[i]![i]!;
    }
    return direction;
  }
}
