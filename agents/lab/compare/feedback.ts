import type { Load, PlannedCall } from '../load/load.js';
import { Random } from '../load/random.js';

/**
 * The calls of a load whose answers are judged: one draw a call by seed and place, the same for every policy.
 *
 * @param share of the answers, 0 to 1
 */
export function judgedCalls({ runs }: Load, seed: number, share: number): ReadonlySet<PlannedCall> {
  const random = new Random(seed).stream('feedback');
  return new Set(runs.flatMap(({ calls }) => calls.filter(() => random.next() < share)));
}
