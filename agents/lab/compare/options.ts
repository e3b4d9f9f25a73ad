import { loadPolicyModules, type PolicyModule } from '../../../schedulers/load-module.js';
import { SyscallError } from '../../../syscalls/errors.js';
import type { LoadName } from '../load/shapes.js';
import { readModelNames } from '../records/model-names.js';
import type { Split } from '../records/split.js';
import { withModules } from './contender.js';

/** What a comparison is asked to do: checked each by itself, not yet against files and cores. */
export interface CompareOptions {
  /** The command line that asked for it. */
  readonly command: string;
  readonly policies: readonly string[];
  /** Those of `policies` that are not in the registry. */
  readonly modules: readonly PolicyModule[];
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
  /** Bad lines of `data` are left out and named, in place of the first one being an error. */
  readonly skipBad: boolean;
  /** Cores by id, in config order; undefined: every one. */
  readonly models: readonly string[] | undefined;
  readonly split: Split | 'all';
  readonly trace: string | undefined;
  /** Poisson arrivals a second. */
  readonly rate: number | undefined;
  readonly speed: number | undefined;
  readonly caps: string | undefined;
  readonly live: boolean;
  /** Folder of the predictor, for policies that do not name one; undefined: the shipped one. */
  readonly predictor: string | undefined;
  /** Predictors learn from feedback, each trial by itself. */
  readonly learn: boolean;
  /** Share of the answers that are judged, 0 to 1. */
  readonly feedback: number;
  /** For policies that aim at a mean quality and were not given one; undefined: from round-robin. */
  readonly alpha: number | undefined;
  /** Measure what scheduling takes in virtual time too, where reports then no longer repeat byte for byte. */
  readonly measure: boolean;
  /** Settings of what it aims at that each policy plays too, for the frontier; 0: the one that it is given. */
  readonly sweep: number;
}

/** Arrivals a second where neither trace nor rate is given; they are then sped up until the cores are busy. */
export const NOMINAL_RATE = 10;
export const DEFAULT_SYSCALLS = 1000;

/** The command line, each option checked by itself. */
export interface CompareFlags {
  readonly policies: readonly string[];
  readonly policyModule: readonly string[];
  readonly base?: string;
  readonly seeds?: number;
  readonly agents: number;
  readonly syscalls?: number;
  readonly limit?: number;
  readonly load: LoadName;
  readonly data: readonly string[];
  readonly skipBad?: true;
  readonly models?: string;
  readonly split: Split;
  readonly all?: true;
  readonly trace?: string;
  readonly rate?: number;
  readonly speed?: number;
  readonly caps?: string;
  readonly live?: true;
  readonly predictor?: string;
  readonly learn?: true;
  readonly feedback: number;
  readonly alpha?: number;
  readonly measure?: true;
  readonly sweep: number;
}

/**
 * The command line with its defaults, its options checked against each other.
 *
 * @param command as it was typed, for the report
 * @throws SyscallError `invalid-config` that names option, rule and value
 */
export async function readOptions(flags: CompareFlags, command: string): Promise<CompareOptions> {
  const modules = await loadPolicyModules(flags.policyModule);
  const policies = withModules(flags.policies, modules);
  const { base = policies[0] ?? '', data, trace, models, live = false } = flags;
  if (!policies.includes(base)) {
    throw new SyscallError('invalid-config', `--base: Expected one of ${policies.join(', ')}, got "${base}"`);
  }
  if (new Set(policies).size < policies.length) {
    throw new SyscallError('invalid-config', `--policies: Expected each policy once, got "${policies.join(',')}"`);
  }
  if (trace !== undefined && data.length === 0) {
    throw new SyscallError(
      'invalid-config',
      `--trace: Expected --data with it, which gives the prompts, got "${trace}"`,
    );
  }
  return {
    command,
    policies,
    modules,
    base,
    seeds: flags.seeds ?? (live ? 1 : 10),
    agents: flags.agents,
    syscalls: flags.syscalls,
    limit: flags.limit,
    load: flags.load,
    data,
    skipBad: flags.skipBad ?? false,
    models: models === undefined ? undefined : await readModelNames(models),
    split: flags.all ? 'all' : flags.split,
    trace,
    rate: flags.rate,
    speed: flags.speed,
    caps: flags.caps,
    live,
    predictor: flags.predictor,
    learn: flags.learn ?? false,
    feedback: flags.feedback,
    alpha: flags.alpha,
    measure: flags.measure ?? false,
    sweep: flags.sweep,
  };
}
