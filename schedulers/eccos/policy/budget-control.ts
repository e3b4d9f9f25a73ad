import type { Millis } from '../../../syscalls/syscall.js';
import type { ControlLearnt } from './eccos-learnt.js';
import type { Placed, PriceControl, PriceControls, PriceState } from './price-control.js';
import { CarriedPrice, type Spread } from './price-signals.js';

const HOUR_MS = 3_600_000;
/** Time over which spending is evened out; a budget that was not used for longer is lost. */
const HORIZON_MS = 300_000;
/** Log price for a whole horizon's budget spent too much. */
const STEP = 4;

/**
 * Keeps spending to a budget: the price of quality falls as soon as more was spent than the time that has passed allows.
 * Calls are served all the same where even the cheapest cores cost more: then the budget is infeasible. One budget is spent by all
 * tenants, at one price.
 */
export class BudgetControl implements PriceControl, PriceControls {
  readonly #perMs: number;
  readonly #price = new CarriedPrice();
  /** US dollars spent beyond what was allowed so far; negative: saved up. */
  #overspent = 0;
  #last: Millis | undefined;

  /** @param budgetPerHour US dollars */
  constructor(budgetPerHour: number) {
    this.#perMs = budgetPerHour / HOUR_MS;
  }

  get state(): PriceState {
    const infeasible = this.#overspent >= this.#allowance;
    return { lambda: this.#price.value, unit: this.#price.unit, alpha: undefined, aim: undefined, infeasible };
  }

  learnt(): ControlLearnt {
    return { overspent: this.#overspent, price: this.#price.learnt };
  }

  restore(learnt: ControlLearnt): void {
    if (!('overspent' in learnt)) return;
    this.#price.restore(learnt.price);
    this.#spend(learnt.overspent);
  }

  of(): PriceControl {
    return this;
  }

  observe(spread: Spread): void {
    this.#price.observe(spread);
    this.#reprice();
  }

  placed({ costUsd }: Placed, now: Millis): void {
    this.#spend(costUsd - this.#perMs * (now - (this.#last ?? now)));
    this.#last = now;
  }

  spentMore(costUsd: number): void {
    this.#spend(costUsd);
  }

  get #allowance(): number {
    return this.#perMs * HORIZON_MS;
  }

  #spend(costUsd: number): void {
    this.#overspent = Math.max(-this.#allowance, Math.min(this.#allowance, this.#overspent + costUsd));
    this.#reprice();
  }

  #reprice(): void {
    this.#price.start(this.#price.unit * Math.exp((-STEP * this.#overspent) / this.#allowance));
  }
}
