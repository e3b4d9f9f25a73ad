import { parsePolicy } from '../../../schedulers/registry.js';
import type { CoreId } from '../../../syscalls/syscall.js';
import type { Contender } from './contender.js';
import type { SeedPoint } from './frontier.js';

/** Parameters that set what quality a policy aims at. */
const AIMS = ['alpha', 'threshold'] as const;
export type Aim = (typeof AIMS)[number];

/** The parameter that sets what quality this policy aims at; undefined: it aims at none. */
export function aimOf(spec: string): Aim | undefined {
  return AIMS.find((aim) => takes(withParameter(spec, aim, 0.5)));
}

/** The text of a parameter; undefined: the spec does not give it. */
export function parameterOf(spec: string, key: string): string | undefined {
  return pairsOf(spec).find(([name]) => name === key)?.[1];
}

/** The same policy with this parameter, in place of what it may have been before. */
export function withParameter(spec: string, key: string, value: number): string {
  const others = pairsOf(spec).filter(([name]) => name !== key);
  return `${nameOf(spec)}:${[...others, [key, value.toFixed(4)]].map((pair) => pair.join('=')).join(',')}`;
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

/** The lowest and highest quality that is worth aiming at. */
export interface QualityRange {
  readonly low: number;
  readonly high: number;
}

/** @param singles what each model makes of the calls by itself */
export function rangeOf(singles: ReadonlyMap<CoreId, Pick<SeedPoint, 'quality'>>): QualityRange {
  const qualities = [...singles.values()].map(({ quality }) => quality);
  return { low: Math.min(...qualities), high: Math.max(...qualities) };
}

/**
 * A contender at several values of what it aims at, one of `settings` each, evenly spread: mean qualities from the worst
 * to the best single model's, thresholds of a single call from 0 to 1. None: it aims at no quality.
 */
export function sweepOf({ policy, coreOrder, module }: Contender, settings: number, range: QualityRange): Contender[] {
  const aim = module === undefined ? aimOf(policy) : undefined;
  if (aim === undefined) return [];
  const { low, high } = aim === 'alpha' ? range : { low: 0, high: 1 };
  return Array.from({ length: settings }, (_, i) => {
    const spec = withParameter(policy, aim, low + ((high - low) * i) / Math.max(1, settings - 1));
    return { name: spec, policy: spec, coreOrder };
  });
}
