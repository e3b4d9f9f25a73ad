import { partyOf } from '../../party.js';
import type { SchedulableCore } from '../../policy.js';
import { type Forecasts, rowsByTenant } from './forecasts.js';
import type { MarketInputs } from './market.js';
import { memoized } from './memoized.js';
import type { PriceControls, PriceState } from './price-control.js';
import { responseOf, SecondPrices, type Traffic } from './second-prices.js';
import { sampleOf, secondsOf } from './traffic.js';

/** Calls that the prices of seconds rest on: it bounds the time of their solve, which grows with them. */
const MOST_PRICED = 256;
/**
 * Most that a tenant's price of quality counts for, in those of the median party or their natural unit: one whose price is high because
 * it rates its answers as bad must not outbid the others for every slot.
 */
const MOST_BID = 4;

interface TrafficPricesDeps {
  readonly control: PriceControls;
  readonly forecasts: Forecasts;
  readonly inputs: Pick<MarketInputs, 'qualityOf' | 'times'>;
}

/** What quality and time are worth, as recent traffic has it. */
export class TrafficPrices {
  readonly #deps: TrafficPricesDeps;
  readonly #seconds = new SecondPrices();
  /** What the prices of seconds that are being looked for rest on. */
  #traffic: { readonly traffic: Traffic; readonly byTenant: ReturnType<typeof rowsByTenant> } | undefined;
  /** As of the last look at recent traffic. */
  #mostBid = Number.POSITIVE_INFINITY;

  constructor(deps: TrafficPricesDeps) {
    this.#deps = deps;
  }

  /** Where the price of quality of each tenant stands now, bounded. */
  get ofQuality(): (tenant: string) => PriceState {
    const { control } = this.#deps;
    return memoized((tenant) => {
      const { state } = control.of(tenant);
      return state.lambda > this.#mostBid ? { ...state, lambda: this.#mostBid } : state;
    });
  }

  /** US dollars for a second on each core, by column. */
  ofSeconds(cores: readonly SchedulableCore[]): Float64Array {
    return this.#seconds.of(cores);
  }

  get learnt(): SecondPrices['learnt'] {
    return this.#seconds.learnt;
  }

  restore(learnt: SecondPrices['learnt']): void {
    this.#seconds.restore(learnt);
  }

  /** Once enough calls are new, looks at recent traffic. @param tenants whose calls are decided on now */
  update(tenants: Iterable<string>, cores: readonly SchedulableCore[]): void {
    const { control, forecasts, inputs } = this.#deps;
    for (const tenant of tenants) {
      const own = forecasts.of(tenant);
      control.of(tenant).begin?.(() => sampleOf(own.recent, cores, inputs.qualityOf), own.seen);
    }
    // To look at traffic takes as long as a part of the search: each has a tick of its own.
    if (this.#seconds.isDue(forecasts.seen)) {
      this.#lookAtTraffic(cores);
      return;
    }
    if (!this.#seconds.advance() || this.#traffic === undefined) return;
    const { traffic, byTenant } = this.#traffic;
    this.#traffic = undefined;
    const priceOf = this.ofQuality;
    const prices = this.ofSeconds(cores);
    for (const [tenant, own] of byTenant) {
      control.of(tenant).responds?.(responseOf(traffic, own, priceOf(tenant).lambda, prices));
    }
  }

  /** Begins to look for what time is worth. */
  #lookAtTraffic(cores: readonly SchedulableCore[]): void {
    const { control, forecasts, inputs } = this.#deps;
    const { seen, recent, spanMs } = forecasts;
    const step = Math.ceil(recent.length / MOST_PRICED);
    const askers = recent.map(({ tenant }) => tenant);
    this.#mostBid = MOST_BID * usualBid(control, askers);
    const priceOf = this.ofQuality;
    const rows = recent.filter((_, i) => i % step === 0);
    const traffic = {
      ...sampleOf(rows, cores, inputs.qualityOf),
      seconds: secondsOf(rows, cores, inputs.times),
      spanMs: (spanMs * rows.length) / recent.length,
      lambdas: rows.map(({ tenant }) => priceOf(tenant).lambda),
    };
    this.#seconds.learn(traffic, cores, seen);
    this.#traffic = { traffic, byTenant: rowsByTenant(rows) };
  }
}

/** The median over parties of the highest of their tenants' prices and units; of two in the middle the smaller one. One party alone is bounded by nobody. */
function usualBid(control: PriceControls, tenants: Iterable<string>): number {
  const parties = new Map<string, number>();
  for (const tenant of new Set(tenants)) {
    const { lambda, unit } = control.of(tenant).state;
    const party = partyOf(tenant);
    parties.set(party, Math.max(parties.get(party) ?? 0, lambda, unit));
  }
  const sorted = [...parties.values()].sort((a, b) => a - b);
  return sorted.length < 2 ? Number.POSITIVE_INFINITY : (sorted[(sorted.length - 1) >> 1] as number);
}
