import type { OutcomeRecord } from '../../../kernel/outcomes/record.js';
import type { IdentifiedEncoder } from '../../../schedulers/eccos/predictor/open-predictor.js';
import type { Predictor } from '../../../schedulers/eccos/predictor/prediction.js';
import type { CoreInfo } from '../../../syscalls/cores.js';
import { SyscallError } from '../../../syscalls/errors.js';
import type { Stage } from '../evaluate/stages.js';
import { Random } from '../load/random.js';
import { emptyPredictions, predictRows, teach } from './record-calls.js';
import { predictWithoutNets } from './shown-records.js';

interface AfterOptions {
  /** Has learnt nothing yet. */
  readonly predictor: Predictor;
  readonly encoder: IdentifiedEncoder;
  readonly cores: readonly CoreInfo[];
  /** Numbers of rated answers, rising. */
  readonly counts: readonly number[];
  /** In the order in which they are rated. */
  readonly rated: readonly OutcomeRecord[];
  readonly held: readonly OutcomeRecord[];
  readonly seed: number;
  /** Share of the interaction that is kept before routing. */
  readonly gamma: { readonly nets: number; readonly weighted: number };
  readonly onBatch: (count: number) => void;
}

/**
 * Predicts the held records after so many rated answers, beside tables of means and neighbours that were shown the same ones. As in
 * a kernel only one core's answer to each prompt is seen: cores take turns, in random order.
 *
 * @throws SyscallError `invalid-config` for more answers than there are, or fewer than cores
 */
export async function predictAfter(options: AfterOptions): Promise<Stage[]> {
  const { predictor, encoder, cores, counts, rated, held, seed, gamma, onBatch } = options;
  const answers = oneAnswerEach(rated, cores, new Random(seed));
  for (const count of counts) {
    if (count >= cores.length && count <= answers.length) continue;
    throw new SyscallError(
      'invalid-config',
      `--after: Expected ${cores.length} (one a model) to ${answers.length} (records that are neither trained on nor measured) rated answers, got ${count}`,
    );
  }
  const stages: Stage[] = [];
  for (const [i, count] of counts.entries()) {
    await teach(predictor, answers.slice(counts[i - 1] ?? 0, count), cores, { onBatch });
    const predictions = emptyPredictions(held.length * cores.length);
    const rows = held.map((record, row) => ({ row, record }));
    await predictRows(predictor, rows, cores, predictions, { onBatch });
    const without = await predictWithoutNets(answers.slice(0, count), held, cores, encoder);
    stages.push({
      answers: count,
      predictor: { predictions, gamma: gamma.nets },
      baselines: {
        means: { predictions: without.dataSetMeans },
        'weighted neighbours': { predictions: without.weightedNeighbours, gamma: gamma.weighted },
      },
    });
  }
  return stages;
}

/** The records with one output each, of a core whose turn it is. Records that none of these answered are left out. */
function oneAnswerEach(records: readonly OutcomeRecord[], cores: readonly CoreInfo[], random: Random): OutcomeRecord[] {
  let turns: string[] = [];
  return records.flatMap((record) => {
    if (turns.length === 0) turns = random.shuffled(cores.map(({ id }) => id));
    const answered = new Map(record.outputs.map((output) => [output.model, output]));
    const next = turns.find((id) => answered.has(id));
    const output = next === undefined ? undefined : answered.get(next);
    if (output === undefined) return [];
    turns = turns.filter((id) => id !== next);
    return [{ ...record, outputs: [output] }];
  });
}
