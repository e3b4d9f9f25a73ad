/** An answer of the attacker's that it is about to rate. */
export interface RatedAnswer {
  /** 1: it is right, 0: it is wrong. */
  readonly truth: number;
  /** Place of its core among those of the kernel by price, 0 (cheapest) to 1. */
  readonly expensive: number;
  /** Place of the call among the attacker's, 0 to 1. */
  readonly progress: number;
}

/** What the attacker sends, however it rates. */
export interface Disguise {
  /** Calls for each call of an honest tenant. */
  readonly calls: number;
  /** The tenant that it names for its n-th call; undefined: none. */
  readonly tenantOf: (n: number) => string | undefined;
  /** Whether each of its calls names a task of its own. */
  readonly manyTasks: boolean;
}

/** One way to teach a kernel something that is not so. */
export interface Attack {
  readonly name: string;
  readonly disguise: Disguise;
  /** undefined: it does not rate the answer. */
  readonly rate: (answer: RatedAnswer) => number | undefined;
}

const PLAIN: Disguise = { calls: 1, tenantOf: () => undefined, manyTasks: false };
const FLOOD: Disguise = { ...PLAIN, calls: 4 };
const EVICTION: Disguise = { ...FLOOD, tenantOf: (n) => `fresh-${n}`, manyTasks: true };
const CROWD: Disguise = { ...PLAIN, tenantOf: (n) => `crowd-${n % 20}` };
/** Names the honest tenants' own names. */
const THEFT: Disguise = { ...PLAIN, tenantOf: (n) => HONEST_NAMES[n % HONEST_NAMES.length] };

/** The honest tenants: `rates` and the allies rate all of their answers, `silent` none. */
export const HONEST_NAMES = ['rates', 'silent', 'ally-1', 'ally-2'] as const;
/** Those that a trial reports; the allies are there so that there is a majority. */
export const MEASURED = HONEST_NAMES.slice(0, 2);

const zero = () => 0;
const one = () => 1;
const inverted = ({ truth }: RatedAnswer) => 1 - truth;

/** Ten ways, each of one party. */
export const ATTACKS: readonly Attack[] = [
  { name: 'all 0', disguise: PLAIN, rate: zero },
  { name: 'all 1', disguise: PLAIN, rate: one },
  { name: 'inverted', disguise: PLAIN, rate: inverted },
  { name: 'only the expensive are good', disguise: PLAIN, rate: ({ expensive }) => (expensive > 0.5 ? 1 : 0) },
  { name: 'only the cheap are good', disguise: PLAIN, rate: ({ expensive }) => (expensive > 0.5 ? 0 : 1) },
  { name: 'honest at first, then 0', disguise: PLAIN, rate: ({ truth, progress }) => (progress < 0.5 ? truth : 0) },
  { name: 'flood of 0', disguise: FLOOD, rate: zero },
  { name: 'flood of 1, memory evicted', disguise: EVICTION, rate: one },
  { name: 'many tenants of one token, 0', disguise: CROWD, rate: zero },
  { name: 'names of other tenants, 1', disguise: THEFT, rate: one },
];

/** What the same calls are rated as where nobody lies: nothing, or what is true. */
export const CONTROLS = {
  unrated: () => undefined,
  honest: ({ truth }) => truth,
} as const satisfies Record<string, Attack['rate']>;
export type Control = keyof typeof CONTROLS;
