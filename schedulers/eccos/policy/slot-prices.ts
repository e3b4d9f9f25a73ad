import type { CoreId, Millis } from '../../../syscalls/syscall.js';
import type { SchedulableCore } from '../../policy.js';
import { priceAssignment, slotPricesOf } from '../assign/priced-assignment.js';
import type { Sample } from './price-signals.js';
import type { ServiceTimes } from './service-times.js';

/** Calls between two looks at recent traffic. */
const REFRESH = 64;
/** Share of a new price that is taken over at once: a higher price lowers demand, and prices must not swing. */
const STEP = 0.5;

/** Recent traffic, and the price of quality at which it is looked at. */
export interface Traffic {
  readonly sample: Sample;
  /** Time over which the calls of the sample have come, without pauses. */
  readonly spanMs: Millis;
  readonly lambda: number;
}

/**
 * What a slot of each core is worth to the calls that may want it next, US dollars a call: the bid prices of network
 * revenue management (Talluri and van Ryzin, "The Theory and Practice of Revenue Management", 2004, chapter 3). They are
 * the duals of one assignment of recent calls to as many slots as the cores had in that time, and keep a call that
 * gains little from a core from taking the slot that another one will need.
 */
export class SlotPrices {
  readonly #prices = new Map<CoreId, number>();
  #next = REFRESH;

  /** Whether `learn` should be called, once so many calls have been predicted. */
  isDue(seen: number): boolean {
    return seen >= this.#next;
  }

  /**
   * @returns a price a core, in order; 0 before anything is known. A slot of a core that is idle now is worth nothing
   * to those to come, the last free one all of the price: at the full price at all times too few would take a core that is
   * free, and no price of quality could change that.
   */
  of(cores: readonly SchedulableCore[]): Float64Array {
    return Float64Array.from(cores, ({ id, running, free, cap }) => {
      // One that may take no more now, for a limit of its provider, is as good as full.
      const busy = free === 0 ? 1 : Math.min(1, running / Math.max(1, cap));
      return busy * (this.#prices.get(id) ?? 0);
    });
  }

  /** @param cores in the order of the sample's columns */
  learn(
    { sample, spanMs, lambda }: Traffic,
    cores: readonly SchedulableCore[],
    times: ServiceTimes,
    seen: number,
  ): void {
    this.#next = seen + REFRESH;
    const { n, m, quality, costUsd: cost } = sample;
    const caps = slotsIn(spanMs, cores, times, n);
    const mu = slotPricesOf(priceAssignment({ n, m, quality, cost, caps, lambda }));
    for (const [j, { id }] of cores.entries()) {
      const before = this.#prices.get(id) ?? 0;
      this.#prices.set(id, before + STEP * (mu[j]! - before));
    }
  }
}

/** Calls that each core can serve in this time; if those of all are fewer than `n`, in the time that `n` calls take. */
function slotsIn(span: Millis, cores: readonly SchedulableCore[], times: ServiceTimes, n: number): number[] {
  // A core that has hardly answered yet is taken to be as fast as any call needs.
  const rates = cores.map(({ id, cap }) => cap / (times.mean(id) ?? 0) || 0);
  const total = rates.reduce((sum, rate) => sum + rate, 0);
  const enough = total > 0 ? Math.max(span, n / total) : 0;
  return rates.map((rate) => (rate === Infinity ? n : Math.ceil(rate * enough)));
}
