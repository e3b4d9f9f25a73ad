import type { AssignmentProblem, AssignmentSolution } from './assignment.js';
import { reduce } from './bound.js';
import { mergeRows } from './rows.js';
import { toSolution } from './solution.js';
import { toTask } from './task.js';

/**
 * The greedy rule per call with a load check, as a baseline: in order of claim each call takes the cheapest core with a
 * free slot whose quality reaches `threshold`, else the best core with a free slot. It knows nothing of the other calls.
 *
 * @throws TypeError as `solveAssignment` does.
 */
export function solvePerCall(
  input: AssignmentProblem,
  { threshold = 0.7 }: { readonly threshold?: number } = {},
): AssignmentSolution {
  const task = toTask(input);
  const { n, m, cost, quality, caps, eligible, order, form } = task;
  const free = caps.slice();
  const assignment = new Int32Array(n).fill(-1);
  const unservable: number[] = [];
  for (const call of order) {
    let chosen = -1;
    let servable = false;
    for (let j = 0; j < m; j++) {
      const cell = call * m + j;
      if (!eligible[cell] || caps[j] === 0) continue;
      servable = true;
      if (free[j]! > 0 && (chosen < 0 || better(cell, call * m + chosen))) chosen = j;
    }
    if (!servable) unservable.push(call);
    if (chosen < 0) continue;
    free[chosen]!--;
    assignment[call] = chosen;
  }

  function better(cell: number, than: number): boolean {
    const good = quality[cell]! >= threshold;
    if (good !== quality[than]! >= threshold) return good;
    return good ? cost[cell]! < cost[than]! : quality[cell]! > quality[than]!;
  }

  const { problem } = mergeRows(
    task,
    Uint8Array.from(assignment, (core) => (core < 0 ? 0 : 1)),
  );
  const mu = new Float64Array(m);
  const { bound } = reduce(problem, problem.limit, 0, mu);
  const found = toSolution(task, {
    status: 'solved',
    assignment,
    bound,
    lambda: form.kind === 'lambda' ? form.value : 0,
    mu,
    exact: false,
    unservable: Int32Array.from(unservable).sort(),
    work: { rows: problem.rows, flows: 0, augmentations: 0, composites: 0, nodes: 0 },
  });
  const limited = form.vCost * found.cost + form.vQuality * found.quality;
  return limited <= problem.limit ? found : { ...found, status: 'infeasible' };
}
