import type { CoreId, Millis } from '../../../syscalls/syscall.js';
import type { SchedulableCore } from '../../policy.js';
import { FluidSolve } from '../assign/fluid-prices.js';
import type { EccosLearnt } from './eccos-learnt.js';
import type { Sample } from './price-signals.js';

/** Calls between two looks at recent traffic, and before the first one. */
const REFRESH = 32;
const FIRST = 16;
/** Pairs of call and core that one tick looks at to find prices: a solve of 256 calls on 12 cores takes a few ticks, of 5 cores one or two. */
const PAIRS_A_TICK = 18_432;
/** Share of a core's time that is sold: chance takes the rest. */
const SOLD = 0.95;
/** Where the cores have too little time for all, by how much more than needed is sold. */
const ROOM = 1.02;

/** Recent traffic, and the prices of quality at which it is looked at. */
export interface Traffic extends Sample {
  /** Expected time of each call on each core, row-major. */
  readonly seconds: Float64Array;
  /** Time over which the calls have come, without pauses. */
  readonly spanMs: Millis;
  /** An entry a call. */
  readonly lambdas: readonly number[];
}

/**
 * What a second on each core is worth to the calls that may want it next, US dollars: the bid prices of network revenue
 * management (Talluri and van Ryzin, "The Theory and Practice of Revenue Management", 2004, chapter 3). They are the duals of
 * the fluid linear program of recent calls. A call pays for the time that it is expected to take, so that short ones get
 * the core that many want.
 */
export class SecondPrices {
  readonly #prices = new Map<CoreId, number>();
  #next = FIRST;
  #solving: { readonly solve: FluidSolve; readonly ids: readonly CoreId[]; readonly looks: number } | undefined;

  get learnt(): EccosLearnt['secondPrices'] {
    return [...this.#prices];
  }

  /** They stand until as many calls are known as between two looks: the first few say less. */
  restore(learnt: EccosLearnt['secondPrices']): void {
    for (const [core, usd] of learnt) this.#prices.set(core, usd);
    if (learnt.length > 0) this.#next = Math.max(this.#next, REFRESH);
  }

  /** Whether `learn` should be called, once so many calls have been predicted. */
  isDue(seen: number): boolean {
    return seen >= this.#next && this.#solving === undefined;
  }

  /** Goes on with what `learn` has begun, within the bounds of a tick. @returns whether new prices have just been found */
  advance(): boolean {
    if (this.#solving === undefined) return false;
    const { solve, ids, looks } = this.#solving;
    const prices = solve.advance(looks);
    if (prices === undefined) return false;
    for (const [j, id] of ids.entries()) this.#prices.set(id, prices[j]!);
    this.#solving = undefined;
    return true;
  }

  /**
   * @returns a price a core, in order; 0 before anything is known. A second of a core that is idle now is worth nothing to
   * those to come, of a full one all of the price: at the full price at all times too few would take a core that is free,
   * and no price of quality could change that.
   */
  of(cores: readonly SchedulableCore[]): Float64Array {
    return Float64Array.from(cores, ({ id, running, free, cap }) => {
      // One that may take no more now, for a limit of its provider, is as good as full.
      const busy = free === 0 ? 1 : Math.min(1, running / Math.max(1, cap));
      return busy * (this.#prices.get(id) ?? 0);
    });
  }

  /** Begins to look for prices: `advance` finds them. @param cores in the order of the columns @param seen calls predicted so far */
  learn(traffic: Traffic, cores: readonly SchedulableCore[], seen: number): void {
    this.#next = Math.min(seen + REFRESH, 2 * seen);
    const { n, m, quality, costUsd, seconds, spanMs, lambdas } = traffic;
    const capacity = capacityOf(traffic, cores);
    if (spanMs === 0 || capacity === undefined) return;
    const net = costUsd.slice();
    for (let cell = 0; cell < net.length; cell++) net[cell]! -= lambdas[Math.floor(cell / m)]! * quality[cell]!;
    const warm = this.#prices.size === 0 ? undefined : Float64Array.from(cores, ({ id }) => this.#prices.get(id) ?? 0);
    const solve = new FluidSolve({ n, m, net, seconds, capacity, warm });
    this.#solving = { solve, ids: cores.map(({ id }) => id), looks: Math.ceil(PAIRS_A_TICK / (n * m)) };
  }
}

/** A price of quality half an e-fold above and below. */
const HALF = Math.exp(0.5);

/**
 * By how much the mean quality of some of the traffic changes for a price of quality e times as high; 0 or more. The prices of
 * seconds, given at `lambda`, are taken to rise as it does: who wants better cores wants those that are short.
 *
 * @param rows whose price `lambda` is
 */
export function responseOf(
  { m, quality, costUsd, seconds }: Omit<Traffic, 'lambdas'>,
  rows: readonly number[],
  lambda: number,
  prices: ArrayLike<number>,
): number {
  const meanAt = (price: number) => {
    let sum = 0;
    for (const row of rows) {
      const from = row * m;
      let least = Infinity;
      let chosen = 0;
      for (let cell = from; cell < from + m; cell++) {
        const time = (price / lambda) * prices[cell - from]! * seconds[cell]!;
        const net = costUsd[cell]! - price * quality[cell]! + time;
        if (net < least) [least, chosen] = [net, quality[cell]!];
      }
      sum += chosen;
    }
    return sum / Math.max(1, rows.length);
  };
  return Math.max(0, meanAt(lambda * HALF) - meanAt(lambda / HALF));
}

/** Slot-seconds of each core in the time of the traffic; in as much time as it needs, if that is longer. Undefined: no core has a slot. */
function capacityOf({ n, m, seconds, spanMs }: Traffic, cores: readonly SchedulableCore[]): number[] | undefined {
  const rates = cores.map(({ cap }, j) => {
    let sum = 0;
    for (let cell = j; cell < n * m; cell += m) sum += seconds[cell]!;
    // A core that has not answered yet is taken to be as fast as any call needs.
    return cap / Math.max(1e-6, sum / n);
  });
  const total = rates.reduce((sum, rate) => sum + rate, 0);
  if (total === 0) return undefined;
  const sold = Math.max((SOLD * spanMs) / 1000, (ROOM * n) / total);
  return cores.map(({ cap }) => cap * sold);
}
