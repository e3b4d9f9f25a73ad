import { ByTenant } from '../by-tenant.js';
import { AlphaControl, type AlphaOptions } from './alpha-control.js';
import { consensus, voicesOf } from './consensus.js';
import type { ControlLearnt } from './eccos-learnt.js';
import type { PriceControls, PriceState, Rated } from './price-control.js';

/** Ratings after which it is asked again what parties agree on. */
const REFRESH = 16;

/**
 * Keeps mean quality at alpha for each tenant by itself. With a target over all tenants, one that rates its answers as bad, or
 * whose calls are hard, would make the others pay for what it misses. What tenants share is by how much predictions are usually
 * too high, as far as parties agree.
 */
export class AlphaControls implements PriceControls {
  readonly #options: AlphaOptions;
  readonly #controls = new ByTenant<AlphaControl>();
  #usualBias: number;
  #ratings = 0;

  constructor(options: Omit<AlphaOptions, 'usualBias'>) {
    this.#options = { ...options, usualBias: () => this.#usualBias };
    this.#usualBias = options.margin;
  }

  learnt(most: number): ControlLearnt {
    const tenants = [...this.#controls.entries()].slice(-most);
    return { usualBias: this.#usualBias, tenants: tenants.map(([tenant, own]) => [tenant, own.learnt]) };
  }

  restore(learnt: ControlLearnt): void {
    if (!('tenants' in learnt)) return;
    this.#usualBias = learnt.usualBias;
    for (const [tenant, own] of learnt.tenants) this.of(tenant).restore(own);
  }

  of(tenant: string): AlphaControl {
    return this.#controls.of(tenant, () => new AlphaControl(this.#options));
  }

  rated(tenant: string, rated: Rated): void {
    this.of(tenant).rated(rated);
    if (++this.#ratings % REFRESH > 0) return;
    const voices = voicesOf(this.#controls, ({ ratings }) => ratings);
    this.#usualBias = consensus(
      voices.map(({ ownBias }) => ownBias),
      this.#options.margin,
    );
  }

  /** That of the median call: as many calls have a higher price as have a lower one, and so for the others. */
  get state(): PriceState {
    const all = [...this.#controls.entries()].map(([, { state, calls }]) => ({ state, calls }));
    const middle = (of: (state: PriceState) => number | undefined) =>
      weightedMedian(all.map(({ state, calls }) => ({ value: of(state), weight: Math.max(1, calls) })));
    return {
      lambda: middle(({ lambda }) => lambda) ?? 0,
      unit: middle(({ unit }) => unit) ?? 1,
      alpha: this.#options.alpha ?? middle(({ alpha }) => alpha),
      aim: middle(({ aim }) => aim),
      infeasible: middle(({ infeasible }) => Number(infeasible)) === 1,
    };
  }
}

/** Undefined: no value is known. */
function weightedMedian(all: readonly { readonly value: number | undefined; readonly weight: number }[]) {
  const known = all.flatMap(({ value, weight }) => (value === undefined ? [] : [{ value, weight }]));
  known.sort((a, b) => a.value - b.value);
  let left = known.reduce((sum, { weight }) => sum + weight, 0) / 2;
  for (const { value, weight } of known) {
    left -= weight;
    if (left <= 0) return value;
  }
  return undefined;
}
