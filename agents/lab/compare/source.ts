import type { CoreDeps } from '../../../kernel/cores/core-deps.js';
import type { CoreConfig } from '../../../kernel/cores/kinds/registry.js';
import type { OutcomeRecord } from '../../../kernel/outcomes/record.js';
import type { Load } from '../load/load.js';
import type { Random } from '../load/random.js';
import type { LoadReport } from './report.js';

/** Where the calls of a comparison come from, and the cores that can answer them. */
export interface Source {
  /** In config order, with the caps of the comparison. */
  readonly cores: readonly CoreConfig[];
  /** What the cores of every trial share: what simulated ones find in a prompt, the files that recorded ones replay. */
  readonly deps: Pick<CoreDeps, 'items' | 'outcomes'>;
  /** Texts of the records that calls are drawn from; undefined: they are made up. */
  readonly prompts?: readonly string[];
  /** Rated records that a policy may rest on: the train part of the data, or others of the same kind. */
  readonly examples: () => Promise<readonly OutcomeRecord[]>;
  /** Whether arrivals have times of their own that can be sped up. */
  readonly pace: 'arrivals' | 'agents';
  /** The load of one seed, at speed 1. */
  draw(random: Random): Load;
  /** What the report says about it. */
  readonly about: Pick<
    LoadReport,
    'name' | 'ratePerS' | 'trace' | 'data' | 'split' | 'records' | 'leftOut' | 'capsSource'
  >;
}
