import type { CoreId } from '../../../syscalls/syscall.js';
import { aimOf, withParameter } from './aim.js';
import type { Contender } from './contender.js';
import type { SeedPoint } from './frontier.js';

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
