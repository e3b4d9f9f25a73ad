import type { Millis } from '../../../syscalls/syscall.js';
import type { Load, PlannedCall } from './load.js';
import type { Random } from './random.js';

/** A prompt whose outcomes are on file. */
export interface RecordedPrompt {
  readonly id: string;
  readonly dataset: string;
  readonly prompt: string;
}

/**
 * One call at each time, of a random agent. Records are drawn without replacement in random order; when all have
 * been drawn they are shuffled again.
 */
export function recordedLoad(
  random: Random,
  records: readonly RecordedPrompt[],
  times: readonly Millis[],
  agents: number,
): Load {
  const who = random.stream('agents');
  const order = random.stream('records');
  let deck: RecordedPrompt[] = [];
  const runs = times.map((at) => {
    if (deck.length === 0) deck = order.shuffled(records);
    const record = deck.pop() as RecordedPrompt;
    return { agent: who.int(0, agents - 1), at, calls: [callOf(record)] };
  });
  return { agents, runs };
}

/**
 * Closed batches of one agent: the calls of a batch are sent at one moment, the next batch when all have ended.
 *
 * @param records in order, each as often as it is sent
 */
export function closedBatches(records: readonly RecordedPrompt[], batch: number): Load {
  return { agents: 1, batch, runs: records.map((record) => ({ agent: 0, at: 0, calls: [callOf(record)] })) };
}

function callOf({ id, dataset, prompt }: RecordedPrompt): PlannedCall {
  return {
    promptId: id,
    prompt,
    params: { messages: [{ role: 'user', content: prompt }], task: dataset },
    afterMs: 0,
  };
}
