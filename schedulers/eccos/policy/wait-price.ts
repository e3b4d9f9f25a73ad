import type { Millis } from '../../../syscalls/syscall.js';
import { partyOf } from '../../party.js';
import { ByTenant } from '../by-tenant.js';
import type { EccosLearnt } from './eccos-learnt.js';

/** Answers over which the mean cost of a second of answering is taken, exponentially. */
const MEMORY = 512;

/**
 * Twice what a second of answering costs. At once what it costs, turnaround was 1.1 times as long for the same saving
 * (validation splits of two sources).
 */
const AUTO = 2;

/** What an hour of one call's waiting costs, US dollars; `auto`: twice what an hour of answering costs; `never`: no price is low enough to wait. */
export type WaitPriceSetting = number | 'auto' | 'never';

/** Means of the last answers of a party. */
interface Means {
  answers: number;
  costUsd: number;
  seconds: number;
}

/**
 * What a second of one call's waiting costs. There is one price for all, since who pays more would always go first; it is that of the
 * median party: one that makes its own calls expensive or cheap does not change what the waiting of others costs.
 */
export class WaitPrice {
  readonly #setting: WaitPriceSetting;
  readonly #parties = new ByTenant<Means>();
  #perSecond: number | undefined;

  constructor(setting: WaitPriceSetting) {
    this.#setting = setting;
    if (setting !== 'auto' && setting !== 'never') this.#perSecond = setting / 3600;
  }

  /** US dollars; undefined: no call waits while a slot is free. */
  get perSecond(): number | undefined {
    return this.#perSecond;
  }

  /** Of the parties used last. @param most parties */
  learnt(most: number): EccosLearnt['waiting'] {
    const parties = [...this.#parties.entries()].slice(-most);
    return parties.map(([party, { answers, costUsd, seconds }]) => [party, [answers, costUsd, seconds]]);
  }

  restore(learnt: EccosLearnt['waiting']): void {
    if (this.#setting !== 'auto') return;
    for (const [party, [answers, costUsd, seconds]] of learnt) this.#parties.set(party, { answers, costUsd, seconds });
    this.#reprice();
  }

  /** @param durationMs from its start on the core to the end of the answer */
  learn(tenant: string, costUsd: number, durationMs: Millis): void {
    if (this.#setting !== 'auto') return;
    const own = this.#parties.of(partyOf(tenant), () => ({ answers: 0, costUsd: 0, seconds: 0 }));
    own.answers = Math.min(MEMORY, own.answers + 1);
    own.costUsd += (costUsd - own.costUsd) / own.answers;
    own.seconds += (durationMs / 1000 - own.seconds) / own.answers;
    this.#reprice();
  }

  #reprice(): void {
    const prices = [...this.#parties.entries()].flatMap(([, { seconds, costUsd: usd }]) =>
      seconds > 0 ? [(AUTO * usd) / seconds] : [],
    );
    this.#perSecond = prices.sort((a, b) => a - b)[(prices.length - 1) >> 1];
  }
}
