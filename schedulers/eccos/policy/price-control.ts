import type { Millis } from '../../../syscalls/syscall.js';
import type { ControlLearnt } from './eccos-learnt.js';
import type { Sample, Spread } from './price-signals.js';

/** What was placed in a tick, summed; a call that was moved counts with the difference. */
export interface Placed {
  readonly calls: number;
  readonly quality: number;
  readonly costUsd: number;
  readonly priced: Priced;
}

/** Of calls that were not overdue, summed: who is takes any free slot, whatever quality is worth. */
export interface Priced {
  readonly calls: number;
  readonly quality: number;
  /** Of each call: how easy it is. */
  readonly ease: readonly number[];
}

/** Where a price control stands, for reports and explanations. */
export interface PriceState {
  /** US dollars for one call from surely wrong to surely right. */
  readonly lambda: number;
  /** The natural unit of that price: range of cost / range of quality over the cores, for a usual call. */
  readonly unit: number;
  /** Mean quality that is promised; undefined: none is. */
  readonly alpha: number | undefined;
  /** Mean predicted quality that is aimed at. */
  readonly aim: number | undefined;
  /** The target is out of reach of the cores, as far as is known. */
  readonly infeasible: boolean;
}

/** A rating, beside what was expected of the answer. */
export interface Rated {
  /** 0 to 1. */
  readonly quality: number;
  /** When the call was placed. */
  readonly predicted: number;
  /** Ratings of a usual agent that it counts for. */
  readonly weight: number;
  /** What it was rated before, by somebody whose word counts for less. */
  readonly before: number | undefined;
}

/** Sets the price of quality of one tenant's calls from tick to tick, so that a target holds over their stream. */
export interface PriceControl {
  readonly state: PriceState;
  /** Looks for the first price, if more is known of the traffic than at the last time. @param seen calls predicted so far */
  begin?(sample: () => Sample, seen: number): void;
  /** Takes in by how much mean quality changes for a price e times as high. */
  responds?(qualityPerLog: number): void;
  /** Takes in the calls that a tick decides on, before it does. */
  observe(spread: Spread): void;
  placed(placed: Placed, now: Millis): void;
  /** A call cost so much more than was predicted when it was placed; negative: less. */
  spentMore?(costUsd: number): void;
}

/** The price controls of a kernel. */
export interface PriceControls {
  /** Where they stand on the whole, for reports. */
  readonly state: PriceState;
  /** Of a tenant's calls. What is done with it must not change those of others. */
  of(tenant: string): PriceControl;
  /** What it has learnt, of the tenants used last. @param most tenants */
  learnt(most: number): ControlLearnt;
  /** Takes over what another one has learnt; that of another kind says nothing here. */
  restore(learnt: ControlLearnt): void;
  /** An answer to a tenant's call was rated. */
  rated?(tenant: string, rated: Rated): void;
}
