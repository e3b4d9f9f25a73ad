import { z } from 'zod';
import type { CoreId } from '../../syscalls/syscall.js';
import { candidates } from '../eccos/policy/agenda.js';
import type { Predictor } from '../eccos/predictor/prediction.js';
import { numberText, predictorFolders } from '../parameters.js';
import type { SchedulerPolicy } from '../policy.js';
import { PredictedCalls } from './predicted-calls.js';
import { solveSubgradient } from './subgradient-solver.js';

/** Parameters of the policy `subgradient`, as texts. */
export const subgradientParameters = z.strictObject({
  /** Mean predicted quality of every tick. */
  alpha: numberText(0, 1).default(0.7),
  ...predictorFolders,
});

/**
 * The published method: in every tick a mean predicted quality of alpha over the calls of that tick, by Lagrangian prices
 * and subgradient steps, then repaired greedily. Where its last iterate still breaks a cap, the newest calls wait.
 */
export function subgradient(predictor: Predictor, alpha: number): SchedulerPolicy {
  const predicted = new PredictedCalls(predictor);
  return {
    name: 'subgradient',
    ...predicted.hooks(alpha),
    schedule({ pending, cores }) {
      const slots = cores.map((core) => core.free);
      const { calls } = candidates(pending, cores, () => 0);
      if (calls.length === 0) return [];
      // Without a prediction: even odds, for nothing.
      const cells = calls.flatMap((call) => {
        const row = predicted.rowOf(call);
        return cores.map(({ id }) => (row === undefined ? { quality: 0.5, costMean: 0 } : row.get(id)));
      });
      const problem = {
        n: calls.length,
        m: cores.length,
        cost: cells.map((cell) => cell?.costMean ?? Number.NaN),
        quality: cells.map((cell) => cell?.quality ?? Number.NaN),
        allowed: calls.flatMap(({ eligible }) => cores.map(({ id }) => eligible.includes(id))),
        caps: slots,
        alpha,
      };
      const { assignment, status } = solveSubgradient(problem, { repair: true });
      const left = [...slots];
      return calls.flatMap((call, i) => {
        const j = assignment[i] as number;
        if (j < 0 || left[j] === 0) return [];
        left[j]!--;
        const core = cores[j]?.id as CoreId;
        return [{ syscallId: call.id, core, reason: `subgradient prices, mean quality ${alpha}: ${status}` }];
      });
    },
  };
}
