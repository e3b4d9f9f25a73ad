import { z } from 'zod';
import type { CoreId } from '../../syscalls/syscall.js';
import type { Predictor } from '../eccos/predictor/prediction.js';
import { inArrivalOrder } from '../greedy.js';
import { numberText, predictorFolders } from '../parameters.js';
import type { SchedulerPolicy } from '../policy.js';
import { PredictedCalls, type PredictedRow } from './predicted-calls.js';

/** Parameters of the per-call rules, as texts. */
export const perCallParameters = z.strictObject({
  /** Predicted quality that is good enough. */
  threshold: numberText(0, 1).default(0.7),
  ...predictorFolders,
});

/**
 * The rule that today's agent operating systems ship: each call, oldest first, takes the cheapest core whose predicted
 * quality reaches a threshold, else the best one. It knows nothing of the other calls.
 *
 * @param name `per-call-load` chooses among free cores only; else the call waits for the core of its choice
 * @param threshold predicted quality that is good enough
 */
export function perCall(
  name: 'per-call' | 'per-call-16nn' | 'per-call-load',
  predictor: Predictor,
  threshold: number,
): SchedulerPolicy {
  const loadCheck = name === 'per-call-load';
  const calls = new PredictedCalls(predictor);
  return {
    name,
    ...calls.hooks(undefined),
    schedule: (snapshot) =>
      inArrivalOrder(
        snapshot,
        (call, { isFree }) => {
          const row = calls.rowOf(call);
          // Without a prediction no core is better than another.
          if (row === undefined) return call.eligible.find(isFree);
          return cheapestGood(row, loadCheck ? call.eligible.filter(isFree) : call.eligible, threshold);
        },
        (call, core) => reasonOf(calls.rowOf(call), core, threshold),
      ),
  };
}

/** The cheapest core that reaches the threshold, else the best; the first of equals. `among` is not empty. */
function cheapestGood(row: PredictedRow, among: readonly CoreId[], threshold: number): CoreId {
  const quality = (core: CoreId) => row.get(core)?.quality ?? 0;
  const cost = (core: CoreId) => row.get(core)?.costMean ?? Infinity;
  const good = among.filter((core) => quality(core) >= threshold);
  return good.length > 0
    ? good.reduce((best, core) => (cost(core) < cost(best) ? core : best))
    : among.reduce((best, core) => (quality(core) > quality(best) ? core : best));
}

function reasonOf(row: PredictedRow | undefined, core: CoreId, threshold: number): string {
  const quality = row?.get(core)?.quality;
  if (quality === undefined) return 'first free eligible core: no prediction';
  const which = quality >= threshold ? 'cheapest' : 'none, and the best';
  return `${which} with predicted quality ${threshold} or more: ${quality.toFixed(3)}`;
}
