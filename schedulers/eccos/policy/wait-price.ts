import type { Millis } from '../../../syscalls/syscall.js';

/** Answers over which the mean cost of a second of answering is taken, exponentially. */
const MEMORY = 512;

/**
 * Twice what a second of answering costs. At once what it costs, turnaround was 1.1 times as long for the same saving
 * (validation splits of two sources).
 */
const AUTO = 2;

/** What an hour of one call's waiting costs, US dollars; `auto`: twice what an hour of answering costs; `never`: no price is low enough to wait. */
export type WaitPriceSetting = number | 'auto' | 'never';

/** What a second of one call's waiting costs. */
export class WaitPrice {
  readonly #setting: WaitPriceSetting;
  /** Means of the last answers. */
  #answers = 0;
  #costUsd = 0;
  #seconds = 0;

  constructor(setting: WaitPriceSetting) {
    this.#setting = setting;
  }

  /** US dollars; undefined: no call waits while a slot is free. */
  get perSecond(): number | undefined {
    if (this.#setting === 'never') return undefined;
    if (this.#setting !== 'auto') return this.#setting / 3600;
    return this.#seconds > 0 ? (AUTO * this.#costUsd) / this.#seconds : undefined;
  }

  /** @param durationMs from its start on the core to the end of the answer */
  learn(costUsd: number, durationMs: Millis): void {
    this.#answers = Math.min(MEMORY, this.#answers + 1);
    this.#costUsd += (costUsd - this.#costUsd) / this.#answers;
    this.#seconds += (durationMs / 1000 - this.#seconds) / this.#answers;
  }
}
