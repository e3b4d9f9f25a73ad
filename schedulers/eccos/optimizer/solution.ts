import type { AssignmentSolution } from './assignment.js';
import type { Task } from './task.js';

/** Sums a finished assignment up from the inputs themselves, never from incremental figures. */
export function toSolution(
  { n, m, cost, quality, form }: Task,
  found: Omit<AssignmentSolution, 'cost' | 'quality' | 'gap'>,
): AssignmentSolution {
  let sumCost = 0;
  let sumQuality = 0;
  for (let i = 0; i < n; i++) {
    const core = found.assignment[i]!;
    if (core < 0) continue;
    sumCost += cost[i * m + core]!;
    sumQuality += quality[i * m + core]!;
  }
  const value = form.uCost * sumCost + form.uQuality * sumQuality;
  // `found.bound` is of the minimised form; rounding must not lift it above the value.
  const bound = Math.min(found.bound, value);
  return {
    ...found,
    cost: sumCost,
    quality: sumQuality,
    bound: form.kind === 'budget' ? 0 - bound : bound,
    gap: value - bound,
  };
}
