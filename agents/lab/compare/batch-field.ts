import type { CoreConfig } from '../../../kernel/cores/kinds/registry.js';
import type { OutcomeRecord } from '../../../kernel/outcomes/record.js';
import type { Prediction, Predictor } from '../../../schedulers/eccos/predictor/prediction.js';
import { createPolicy } from '../../../schedulers/registry.js';
import { promptOf } from '../../../syscalls/llm-chat.js';
import { closedBatches } from '../load/recorded-load.js';
import { answeredByAll, type Outcomes, outcomesOf, type Predictions } from '../metrics/outcomes.js';
import type { OutOfFoldPredictions } from '../predictor/out-of-fold.js';
import { knownOutcomes } from '../records/known-outcomes.js';
import { virtualStage } from './stages.js';
import { runTrial, type TrialResult } from './trial.js';

/** What a policy made of a sequence of records. */
export interface Played {
  /** Column of the core of each call, in order. */
  readonly columns: Int32Array;
  /** Mean quality that the policy expected; null: it expects nothing. */
  readonly predicted: number | null;
}

export interface BatchRules {
  /** Calls that arrive together. */
  readonly batch: number;
  /** Whether the policy receives the rating of each answer. @default true */
  readonly rated?: boolean;
  /** Runs as each call ends. */
  readonly onCall?: () => void;
}

/** The records that every model answered, what is predicted of them, and kernels that play them in closed batches. */
export interface BatchField {
  /** Row by row of outcomes and predictions. */
  readonly records: readonly OutcomeRecord[];
  readonly outcomes: Outcomes;
  readonly predictions: OutOfFoldPredictions;
  /**
   * Plays a new policy. Every answer takes equally long, so that all slots are free at the start of each batch.
   *
   * @param rows records in order, each as often as it is sent
   * @throws RangeError for a policy that breaks a cap, throws, or leaves a call without an answer
   */
  play(spec: string, rows: Int32Array, rules: BatchRules): Promise<Played>;
}

/** No times are recorded: only the order of the batches counts. */
const SAME_TIME = { ttftMs: 1000, ttftMsPerInputToken: 0, tpotMs: 0 } as const;

/**
 * @param all records of which some were answered by every model
 * @param cores recorded ones: the chosen models with their caps
 * @param predictions of all of these records, [records x cores]
 */
export function fieldOf(
  all: readonly OutcomeRecord[],
  cores: readonly CoreConfig[],
  predictions: OutOfFoldPredictions,
): BatchField {
  const models = cores.map(({ id }) => id);
  const rows = answeredByAll(outcomesOf(all, models));
  const records = Array.from(rows, (row) => all[row] as OutcomeRecord);
  const own: OutOfFoldPredictions = {
    predictor: predictionsOf(predictions.predictor, rows, models.length),
    neighbours: predictionsOf(predictions.neighbours, rows, models.length),
  };
  const predictor = servedPredictor(records, own.predictor);
  const neighbours = servedPredictor(records, own.neighbours);
  const timed = cores.map((core) => (core.kind === 'recorded' ? { ...core, latency: SAME_TIME } : core));
  const table = { byPrompt: new Map(records.map((record) => [record.prompt, record])), repeated: [] };
  const deps = { outcomes: { load: async () => table } };
  return {
    records,
    outcomes: outcomesOf(records, models),
    predictions: own,
    async play(spec, order, { batch, rated = true, onCall = () => {} }) {
      const load = closedBatches(
        Array.from(order, (row) => records[row] as OutcomeRecord),
        batch,
      );
      const result = await runTrial(
        {
          cores: timed,
          seed: 1,
          deps,
          known: await knownOutcomes(timed, { seed: 1, ...deps }),
          createPolicy: (services) => createPolicy(spec, services),
          predictors: {
            services: { predictor: () => predictor, neighbours: () => neighbours },
            predictMs: () => 0,
            close: async () => {},
          },
          load,
          rated: new Set(rated ? load.runs.flatMap(({ calls }) => calls) : []),
          work: undefined,
          onCall,
        },
        virtualStage(),
      );
      checkSound(spec, result);
      const columns = new Int32Array(order.length);
      for (const { run, answer } of result.calls) columns[run] = models.indexOf(answer?.core ?? '');
      return { columns, predicted: result.predictedQuality };
    },
  };
}

function checkSound(spec: string, { planned, calls, capViolations, fallbacks }: TrialResult): void {
  const answered = calls.filter(({ answer }) => answer !== undefined).length;
  if (answered === planned && capViolations + fallbacks === 0) return;
  throw new RangeError(
    `${spec}: Expected every call to be answered within the caps, got ${answered} of ${planned} answered, ${capViolations} above a cap, ${fallbacks} ticks without the policy`,
  );
}

/** These rows of a matrix, in order. @param values [any x models] */
export function rowsOf(values: Float64Array, rows: Int32Array, models: number): Float64Array {
  const picked = new Float64Array(rows.length * models);
  for (const [i, row] of rows.entries()) picked.set(values.subarray(row * models, (row + 1) * models), i * models);
  return picked;
}

function predictionsOf(predictions: Predictions, rows: Int32Array, models: number): Predictions {
  const pick = (values: Float64Array) => rowsOf(values, rows, models);
  const { quality, tokensMean, tokensP90, costMean } = predictions;
  return {
    quality: pick(quality),
    tokensMean: pick(tokensMean),
    tokensP90: pick(tokensP90),
    costMean: pick(costMean),
  };
}

/** A predictor that looks up what was predicted of a prompt. It learns nothing. @param predictions [records x cores], in config order */
function servedPredictor(records: readonly OutcomeRecord[], predictions: Predictions): Predictor {
  const cores = predictions.quality.length / Math.max(1, records.length);
  const { quality, tokensMean, tokensP90, costMean } = predictions;
  const rows = new Map(
    records.map(({ prompt }, row) => [
      prompt,
      Array.from({ length: cores }, (_, core): Prediction => {
        const cell = row * cores + core;
        return {
          quality: quality[cell]!,
          tokensMean: tokensMean[cell]!,
          tokensP90: tokensP90[cell]!,
          costMean: costMean[cell]!,
          source: 'trained',
          nEffective: 0,
          similarity: null,
          ratings: 0,
          reliability: 1,
        };
      }),
    ]),
  );
  return {
    predict: async (asked) => asked.map(({ params }) => rows.get(promptOf(params)) as readonly Prediction[]),
    finished() {},
    rated() {},
    async close() {},
  };
}
