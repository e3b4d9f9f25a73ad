import type { OutcomeRecord } from '../../../kernel/outcomes/record.js';
import type { TaskMeans } from '../../../schedulers/baselines/task-list.js';
import type { CoreId } from '../../../syscalls/syscall.js';

interface Sum {
  count: number;
  quality: number;
  costUsd: number;
}

/**
 * Means by task and core of rated records, and by core over all of them.
 *
 * @param cores the model of each core, as the records name it
 */
export function taskMeans(records: readonly OutcomeRecord[], cores: ReadonlyMap<CoreId, string>): TaskMeans {
  const byTask = new Map<string, Map<string, Sum>>();
  const overall = new Map<string, Sum>();
  for (const { dataset, outputs } of records) {
    const own = byTask.get(dataset) ?? new Map<string, Sum>();
    byTask.set(dataset, own);
    for (const { model, score, cost_usd } of outputs) {
      for (const sums of [own, overall]) {
        const sum = sums.get(model) ?? { count: 0, quality: 0, costUsd: 0 };
        sums.set(model, sum);
        sum.count++;
        sum.quality += score;
        sum.costUsd += cost_usd;
      }
    }
  }
  return (task, core) => {
    const model = cores.get(core) ?? core;
    const sum = (task === undefined ? undefined : byTask.get(task)?.get(model)) ?? overall.get(model);
    return sum && { quality: sum.quality / sum.count, costUsd: sum.costUsd / sum.count };
  };
}
