import { parsePolicy } from '../../../schedulers/registry.js';
import type { CoreId } from '../../../syscalls/syscall.js';
import type { Contender } from './contender.js';
import type { SeedPoint } from './frontier.js';

/** Parameters that set what quality a policy aims at. */
const AIMS = ['alpha', 'threshold', 'scale'] as const;
export type Aim = (typeof AIMS)[number];

/** The parameter that sets what quality this policy aims at; undefined: it aims at none. */
export function aimOf(spec: string): Aim | undefined {
  return AIMS.find((aim) => takes(withParameter(spec, aim, '0.5')));
}

/** Whether the policy aims at a mean quality, and the spec does not say at which. */
export function lacksAlpha(spec: string): boolean {
  return aimOf(spec) === 'alpha' && parameterOf(spec, 'alpha') === undefined;
}

/** The text of a parameter; undefined: the spec does not give it. */
export function parameterOf(spec: string, key: string): string | undefined {
  return pairsOf(spec).find(([name]) => name === key)?.[1];
}

/** The same policy with this parameter, in place of what it may have been before. */
export function withParameter(spec: string, key: string, value: string): string {
  const others = pairsOf(spec).filter(([name]) => name !== key);
  return `${nameOf(spec)}:${[...others, [key, value]].map((pair) => pair.join('=')).join(',')}`;
}

function nameOf(spec: string): string {
  return spec.split(':', 1)[0] as string;
}

function pairsOf(spec: string): [key: string, value: string][] {
  const params = spec.slice(nameOf(spec).length + 1);
  return params === '' ? [] : params.split(',').map((pair) => splitPair(pair.trim()));
}

function splitPair(pair: string): [key: string, value: string] {
  const at = pair.indexOf('=');
  return [pair.slice(0, at), pair.slice(at + 1)];
}

function takes(spec: string): boolean {
  try {
    parsePolicy(spec);
    return true;
  } catch {
    // It has no such parameter, or another aim.
    return false;
  }
}

/** The lowest and highest quality that is worth aiming at, and US dollars a call. */
export interface SweepRange {
  readonly low: number;
  readonly high: number;
  readonly cheapest: number;
  readonly mostExpensive: number;
}

/** @param singles what each model makes of the calls by itself @param calls how many those are */
export function rangeOf(
  singles: ReadonlyMap<CoreId, Pick<SeedPoint, 'quality' | 'costUsd'>>,
  calls: number,
): SweepRange {
  const points = [...singles.values()];
  const qualities = points.map(({ quality }) => quality);
  const costs = points.map(({ costUsd }) => costUsd / calls);
  return {
    low: Math.min(...qualities),
    high: Math.max(...qualities),
    cheapest: Math.min(...costs),
    mostExpensive: Math.max(...costs),
  };
}

/**
 * A contender at several values of what it aims at, one of `settings` each. None: it aims at no quality.
 *
 * The lowest and the highest mean quality are the worst and the best single model's, the others are evenly spread over `within`. Thresholds
 * are evenly spread from 0 to 1.
 * Values of a right answer are 0 (the cheapest core first), a million (the best one first), and between them as many times
 * the one before, from the cheapest core's cost of a call to ten times the most expensive one's.
 */
export function sweepOf(
  { policy, coreOrder, module }: Contender,
  settings: number,
  range: SweepRange,
  within: Pick<SweepRange, 'low' | 'high'> = range,
): Contender[] {
  const aim = module === undefined ? aimOf(policy) : undefined;
  if (aim === undefined) return [];
  return Array.from({ length: settings }, (_, i) => {
    const spec = withParameter(policy, aim, VALUES[aim]({ ...range, within }, i, settings - 1));
    return { name: spec, policy: spec, coreOrder };
  });
}

/** A contender at each value of a dial; none: it has no such parameter, or sets it itself. */
export function dialOf({ policy, coreOrder, module }: Contender, { key, values }: Dial): Contender[] {
  if (module !== undefined || parameterOf(policy, key) !== undefined) return [];
  const specs = values.map((value) => withParameter(policy, key, value));
  return specs.every(takes) ? specs.map((spec) => ({ name: spec, policy: spec, coreOrder })) : [];
}

/** A parameter, and values of it. */
export interface Dial {
  readonly key: string;
  readonly values: readonly string[];
}

/** @param last the last place, from 0 */
type ValueAt = (
  range: SweepRange & { readonly within: Pick<SweepRange, 'low' | 'high'> },
  place: number,
  last: number,
) => string;

const VALUES: Readonly<Record<Aim, ValueAt>> = {
  alpha(range, place, last) {
    const { low, high } = place === 0 || place === last ? range : range.within;
    return quality(low + ((high - low) * place) / Math.max(1, last));
  },
  threshold: (_, place, last) => quality(place / Math.max(1, last)),
  scale({ cheapest, mostExpensive }, place, last) {
    if (place === 0) return '0';
    if (place === last) return '1000000';
    return dollars(worthAt({ cheapest, mostExpensive }, last === 2 ? 0.5 : (place - 1) / (last - 2)));
  },
};

/** US dollars that a right answer is worth: from the cheapest core's cost of a call (share 0) to ten times the most expensive one's (1). */
function worthAt({ cheapest, mostExpensive }: Pick<SweepRange, 'cheapest' | 'mostExpensive'>, share: number): number {
  return cheapest * ((10 * mostExpensive) / cheapest) ** share;
}

const PRICES = 8;

/** Prices of quality at which a bound is drawn. */
export function pricesOf(range: SweepRange): number[] {
  return Array.from({ length: PRICES }, (_, i) => worthAt(range, i / (PRICES - 1)));
}

/** A mean quality or a threshold as a parameter. */
export function quality(value: number): string {
  return value.toFixed(4);
}

/** Four digits, and no exponent. */
function dollars(value: number): string {
  const digits = Math.max(0, 3 - Math.floor(Math.log10(value)));
  return value.toFixed(Math.min(100, digits));
}
