import { z } from 'zod';
import { loadPolicyModules, type PolicyModule } from '../../../schedulers/load-module.js';
import { SyscallError } from '../../../syscalls/errors.js';
import { flag, list, option, positiveNumber, share, text, wholeNumber } from '../../terminal/options.js';
import { LOAD_SHAPES, type LoadName } from '../load/shapes.js';
import { readModelNames } from '../records/model-names.js';
import { SPLITS, type Split } from '../records/split.js';
import type { Dial } from './aim.js';
import { splitPolicies, withModules } from './contender.js';

/** Percent. */
const USUAL = 80;

/** Arrivals a second where neither trace nor rate is given; they are then sped up until the cores are busy. */
export const NOMINAL_RATE = 10;
export const DEFAULT_SYSCALLS = 1000;
const DEFAULT_POLICIES = [
  ...['fifo:order=cheap-first', 'fifo:order=expensive-first', 'round-robin', 'task-list'],
  ...['eccos', 'per-call'],
];

/** Dollars an hour that a call's waiting costs. */
export const DEFAULT_DIAL: Dial = { key: 'waitPrice', values: ['never', '1.5', '0.36', '0.1'] };

function dialFrom(text: string): Dial {
  const [key = '', list = ''] = text.split('=');
  return { key, values: list.split(',') };
}

/** @throws Error that says what the list may hold */
function readLoads(given: string, context: z.RefinementCtx): { names: readonly LoadName[]; shares: readonly number[] } {
  const parts = given.split(',').map((part) => part.trim());
  const names = parts.filter((part) => !/^[\d.]+$/.test(part));
  const shares = parts.filter((part) => !names.includes(part)).map(Number);
  const isKnown = names.every((name) => Object.hasOwn(LOAD_SHAPES, name));
  if (!isKnown || !shares.every((share) => share > 0 && share <= 1000) || new Set(parts).size < parts.length) {
    const known = Object.keys(LOAD_SHAPES).join(', ');
    context.addIssue({ code: 'custom', message: `Expected some of ${known}, and percentages up to 1000, each once` });
  }
  return { names: names as LoadName[], shares };
}

/** Options of a stream, which mean nothing in closed batches. */
const STREAM_ONLY = [
  ...[
    'policies',
    'policyModule',
    'base',
    'seeds',
    'agents',
    'syscalls',
    'limit',
    'load',
    'config',
    'split',
    'all',
    'trace',
  ],
  ...[
    'rate',
    'speed',
    'live',
    'predictor',
    'learn',
    'feedback',
    'alpha',
    'measure',
    'sweep',
    'dial',
    'calls',
    'report',
  ],
];

/** The command line of `eccos compare`: each option, checked by itself. */
export const compareFlags = z.object({
  policies: option(z.string().transform(splitPolicies).default(DEFAULT_POLICIES), {
    value: '<list>',
    about: 'name or name:key=value, by comma; order=cheap-first|expensive-first lists cores by price',
  }),
  policyModule: option(list.default([]), {
    value: '<file...>',
    about: 'one more policy each: a JavaScript file that exports what makes it',
  }),
  base: option(text.optional(), {
    value: '<policy>',
    about: 'policy that the others are compared with (default: the first one)',
  }),
  seeds: option(wholeNumber(1, 1000).optional(), {
    value: '<n>',
    about: 'repetitions, each with a load of its own (default: 10; 1 with --live)',
  }),
  agents: option(wholeNumber(1, 10_000).default(50), { value: '<n>', about: 'agents that send the calls' }),
  syscalls: option(wholeNumber(1, 1_000_000).optional(), {
    value: '<n>',
    about: 'calls of one seed (default: 1000, or those of the trace or data)',
  }),
  limit: option(wholeNumber(1, 1_000_000).optional(), { value: '<n>', about: 'no more calls than this' }),
  load: option(z.string().transform(readLoads).optional(), {
    value: '<list>',
    about:
      'synthetic loads (default: mixed), and percentages: 50,80,95,120 plays all policies at each, 80 = busy by 80 %',
  }),
  config: option(text.optional(), {
    value: '<file>',
    about: 'config with simulated cores to compare on, as of boot (default: the embedded one)',
    conflicts: ['data'],
  }),
  data: option(list.default([]), {
    value: '<file...>',
    about: 'outcome files: real prompts and what models made of them',
  }),
  skipBad: option(flag, { about: 'leave out bad records of the data, and say which' }),
  models: option(text.optional(), {
    value: '<list>',
    about: 'cores by name, by comma, or @FILE with one a line (default: every one)',
  }),
  split: option(z.enum(SPLITS).default('test'), { value: '<name>', about: 'part of the data' }),
  all: option(flag, { about: 'all of the data', conflicts: ['split'] }),
  trace: option(list.default([]), {
    value: '<file...>',
    about: 'arrival times; the policies also play each further file',
    conflicts: ['rate'],
  }),
  rate: option(positiveNumber.optional(), { value: '<r>', about: 'Poisson arrivals a second' }),
  speed: option(positiveNumber.optional(), {
    value: '<x>',
    about: 'arrivals x times as fast (default: cores 80 % busy under round-robin; 1 with --rate)',
  }),
  caps: option(text.optional(), {
    value: '<file>',
    about: 'YAML or JSON of core: cap, or default (with --batch, none unless it is given)',
  }),
  predictor: option(text.optional(), {
    value: '<dir>',
    about: 'made by eccos train, for policies that name none (default: the shipped one)',
  }),
  alpha: option(share.optional(), {
    value: '<a>',
    about: 'mean quality, for policies that aim at one (default: predicted of round-robin + .02, or what it reaches)',
  }),
  /** Share of the answers. */
  feedback: option(share.default(1), { value: '<share>', about: 'answers that their agents rate, 0 to 1' }),
  learn: option(flag, { about: 'predictors learn from rated answers, each trial by itself' }),
  sweep: option(wholeNumber(0, 100).default(0), {
    value: '<n>',
    about: 'also play each policy at so many qualities to aim at, for the frontier',
  }),
  dial: option(
    z
      .string()
      .regex(/^\w+=[\w.-]+(,[\w.-]+)*$/, 'Expected key=value,value')
      .transform(dialFrom)
      .optional(),
    {
      value: '<key=list>',
      about: `values of a parameter that trades cost for time, played by every policy that takes it (default: ${DEFAULT_DIAL.key}=${DEFAULT_DIAL.values})`,
    },
  ),
  measure: option(flag, { about: 'measure what scheduling takes, in place of a model of it; two runs then differ' }),
  live: option(flag, { about: 'over real sockets and in real time' }),
  json: option(text.default('report.json'), {
    value: '<file>',
    about: 'where the report goes; - for stdout, and nothing else there',
  }),
  calls: option(text.optional(), { value: '<file>', about: 'one JSON line a call' }),
  report: option(text.optional(), { value: '<file>', about: 'one HTML page of tables and charts' }),
  batch: option(
    z
      .union([z.literal('all'), wholeNumber(1, 1_000_000)], 'Expected a whole number from 1 to 1000000, or all.')
      .optional(),
    {
      value: '<n>',
      about: 'closed batches of n calls, or all, with --cv and --data; no caps, or --caps FILE, or --caps default',
      conflicts: STREAM_ONLY,
    },
  ),
  cv: option(wholeNumber(2, 20).optional(), {
    value: '[folds]',
    about: 'train again in so many folds, and predict what was not trained on; with --batch',
    preset: 5,
  }),
  resamples: option(wholeNumber(0, 10_000).default(100), {
    value: '<n>',
    about: 'draws of all records for the intervals of --batch',
  }),
  replay: option(flag, {
    about:
      'with --batch: the policies play every resample again, and do not keep the cores that they chose; takes hours',
  }),
});

type CompareFlags = z.infer<typeof compareFlags>;

/** What a comparison is to do: checked each by itself, not yet against files and cores. */
export interface CompareOptions
  extends Omit<
    CompareFlags,
    | 'policies'
    | 'policyModule'
    | 'base'
    | 'seeds'
    | 'models'
    | 'split'
    | 'all'
    | 'json'
    | 'calls'
    | 'report'
    | 'load'
    | 'trace'
    | 'dial'
  > {
  readonly dial: Dial;
  readonly load: LoadName;
  /** File of arrival times; undefined: they are drawn. */
  readonly trace: string | undefined;
  /** Other loads or traces that are played too. */
  readonly arrivals: readonly ({ readonly load: LoadName } | { readonly trace: string })[];
  /** Loads in percent, the main one first; none: the usual one. */
  readonly shares: readonly number[];
  /** The command line, for the report. */
  readonly command: string;
  readonly policies: readonly string[];
  /** Those of `policies` that are not in the registry. */
  readonly modules: readonly PolicyModule[];
  /** One of `policies`. */
  readonly base: string;
  /** How many; they are 1, 2, 3 ... */
  readonly seeds: number;
  /** Cores by id, in config order; undefined: every one. */
  readonly models: readonly string[] | undefined;
  readonly split: Split | 'all';
}

/** A comparison in closed batches. */
export type BatchOptions = CompareOptions & {
  readonly batch: NonNullable<CompareFlags['batch']>;
  readonly cv: number;
};

/**
 * The command line with its defaults, its options checked against each other.
 *
 * @param command as it was typed, for the report
 * @throws SyscallError `invalid-config` that names option, rule and value
 */
export async function readOptions(flags: CompareFlags, command: string): Promise<CompareOptions> {
  const modules = await loadPolicyModules(flags.policyModule);
  const policies = withModules(flags.policies, modules);
  const { base = policies[0] ?? '', data, trace, models, batch, cv } = flags;
  const wrong = (message: string) => new SyscallError('invalid-config', message);
  if (!policies.includes(base)) throw wrong(`--base: Expected one of ${policies.join(', ')}, got "${base}"`);
  if (new Set(policies).size < policies.length) {
    throw wrong(`--policies: Expected each policy once, got "${policies.join(',')}"`);
  }
  if (trace.length > 0 && data.length === 0) {
    throw wrong(`--trace: Expected --data with it, which gives the prompts, got "${trace.join(' ')}"`);
  }
  if (batch === undefined && cv !== undefined) throw wrong(`--cv: Expected --batch with it, got --cv ${cv} alone`);
  if (batch !== undefined && (cv === undefined || data.length === 0)) {
    const got = cv !== undefined ? '--cv alone' : data.length > 0 ? '--data alone' : 'neither';
    throw wrong(`--batch: Expected --cv and --data with it, got ${got}`);
  }
  if (batch === undefined && flags.replay) throw wrong('--replay: Expected --batch with it, got --replay alone');
  const { names, shares } = flags.load ?? { names: [], shares: [] };
  if (names.length > 0 && data.length > 0) {
    throw wrong(`--load: Expected percentages only with --data, which gives the calls, got "${names.join(',')}"`);
  }
  const paced = names.find((name) => LOAD_SHAPES[name].pace === 'agents');
  if (shares.length > 0 && paced !== undefined) {
    throw wrong(`--load: Expected a load whose arrivals can be sped up with percentages, got "${paced}"`);
  }
  const [load = 'mixed', ...otherLoads] = names;
  const [firstTrace, ...otherTraces] = trace;
  return {
    ...flags,
    dial: flags.dial ?? DEFAULT_DIAL,
    load,
    trace: firstTrace,
    arrivals: [...otherLoads.map((load) => ({ load })), ...otherTraces.map((trace) => ({ trace }))],
    // The usual load is the one that the main figures are of.
    shares: shares.toSorted((a, b) => Number(b === USUAL) - Number(a === USUAL)),
    command,
    policies,
    modules,
    base,
    seeds: flags.seeds ?? (flags.live || batch !== undefined ? 1 : 10),
    models: models === undefined ? undefined : await readModelNames(models),
    split: flags.all ? 'all' : flags.split,
  };
}

export function isBatch(options: CompareOptions): options is BatchOptions {
  return options.batch !== undefined && options.cv !== undefined;
}
