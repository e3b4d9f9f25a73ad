import { z } from 'zod';
import type { CoreId } from '../../syscalls/syscall.js';
import { inArrivalOrder } from '../greedy.js';
import { numberText } from '../parameters.js';
import type { SchedulableCore, SchedulerPolicy } from '../policy.js';

/** Mean score and mean US dollars of rated answers. */
export interface MeanOutcome {
  readonly quality: number;
  readonly costUsd: number;
}

/** What rated answers of a task came to on a core; of an unknown task, or one that the core never answered: over all tasks. Undefined: the core has none. */
export type TaskMeans = (task: string | undefined, core: CoreId) => MeanOutcome | undefined;

/** Parameters of the list, as texts. */
export const taskListParameters = z.strictObject({
  /** US dollars that a right answer is worth: 0 lists the cheapest core first, a million the best one. */
  scale: numberText(0, 1_000_000).default(0.01),
});

/**
 * What an operator can do with a table and no predictor: each task has a list of cores, by mean quality less mean cost by
 * `scale`. Each call, oldest first, takes the first core of its list that is free.
 *
 * @param scale US dollars that a right answer is worth
 */
export function taskList(means: TaskMeans, scale: number): SchedulerPolicy {
  const reasonOf = (task: string | undefined) => `first free core of the list for ${task ?? 'calls without a task'}`;
  return {
    name: 'task-list',
    schedule(snapshot) {
      const lists = new Map<string | undefined, readonly CoreId[]>();
      const listOf = (task: string | undefined) => {
        const list = lists.get(task) ?? inOrder(snapshot.cores, task, means, scale);
        lists.set(task, list);
        return list;
      };
      return inArrivalOrder(
        snapshot,
        ({ eligible, params }, { isFree }) =>
          listOf(params.task).find((core) => isFree(core) && eligible.includes(core)),
        ({ params }) => reasonOf(params.task),
      );
    },
  };
}

/** Cores without an outcome come last. Of equals the cheaper one, then the first in config order. */
function inOrder(
  cores: readonly SchedulableCore[],
  task: string | undefined,
  means: TaskMeans,
  scale: number,
): CoreId[] {
  const worth = ({ quality, costUsd }: MeanOutcome) => scale * quality - costUsd;
  const known = cores.flatMap(({ id }) => {
    const mean = means(task, id);
    return mean === undefined ? [] : [{ id, worth: worth(mean), costUsd: mean.costUsd }];
  });
  known.sort((a, b) => b.worth - a.worth || a.costUsd - b.costUsd);
  const listed = known.map(({ id }) => id);
  return [...listed, ...cores.map(({ id }) => id).filter((id) => !listed.includes(id))];
}
