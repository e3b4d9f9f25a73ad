import type { Split } from '../../kernel/cores/outcome-split.js';
import type { LoadName } from '../load/shapes.js';

/** What a comparison is asked to do: checked each by itself, not yet against files and cores. */
export interface CompareOptions {
  /** The command line that asked for it. */
  readonly command: string;
  readonly policies: readonly string[];
  /** One of `policies`. */
  readonly base: string;
  /** How many; they are 1, 2, 3 ... */
  readonly seeds: number;
  readonly agents: number;
  /** Calls of one seed; undefined: as many as the trace has arrivals, or the data records, or 1,000. */
  readonly syscalls: number | undefined;
  /** No more calls than this. */
  readonly limit: number | undefined;
  /** Synthetic load, where there is no `data`. */
  readonly load: LoadName;
  /** Outcome files; none = a synthetic load on simulated cores. */
  readonly data: readonly string[];
  /** Cores by id, in config order; undefined: every one. */
  readonly models: readonly string[] | undefined;
  readonly split: Split | 'all';
  readonly trace: string | undefined;
  /** Poisson arrivals a second. */
  readonly rate: number | undefined;
  readonly speed: number | undefined;
  readonly caps: string | undefined;
  readonly live: boolean;
}

/** Arrivals a second where neither trace nor rate is given; they are then sped up until the cores are busy. */
export const NOMINAL_RATE = 10;
export const DEFAULT_SYSCALLS = 1000;
