import { fitPrice } from '../../../kernel/cores/fit-price.js';
import type { OutcomeRecord } from '../../../kernel/outcomes/record.js';
import type {
  AnsweredCall,
  PredictableCall,
  Prediction,
  Predictor,
} from '../../../schedulers/eccos/predictor/prediction.js';
import type { CoreInfo } from '../../../syscalls/cores.js';
import { SyscallError } from '../../../syscalls/errors.js';
import type { Price } from '../../../syscalls/price.js';
import type { Predictions } from '../metrics/outcomes.js';

/** Whose calls the records are. */
const TENANT = 'records';
/** Records predicted at a time. */
const BATCH = 64;

/**
 * Models of outcome records as cores, at the prices that explain their bills best.
 *
 * @throws SyscallError `invalid-config` for a model without a bill that a price could explain
 */
export function coresOf(records: readonly OutcomeRecord[], models: readonly string[]): readonly CoreInfo[] {
  return models.map((model) => ({
    id: model,
    kind: 'recorded',
    price: priceOf(records, model),
    contextWindow: Number.MAX_SAFE_INTEGER,
    cap: 1,
    tools: false,
    responseFormat: false,
    supportsPrefix: false,
    profile: model,
  }));
}

function priceOf(records: readonly OutcomeRecord[], model: string): Price {
  const bills = records.flatMap(({ input_tokens: inputTokens, outputs }) =>
    outputs
      .filter((outcome) => outcome.model === model)
      .map(({ output_tokens: outputTokens, cost_usd: costUsd }) => ({ inputTokens, outputTokens, costUsd })),
  );
  if (bills.some(({ inputTokens, outputTokens }) => inputTokens + outputTokens > 0)) return fitPrice(bills);
  throw new SyscallError('invalid-config', `Expected outcomes of model "${model}" with tokens to pay for, got none`);
}

/** A record as the call that it was. Its data set is its task. */
export function callOf({ prompt, dataset, input_tokens }: OutcomeRecord): PredictableCall {
  return {
    tenant: TENANT,
    inputTokens: input_tokens,
    params: { messages: [{ role: 'user', content: prompt }], task: dataset },
  };
}

/**
 * Has the predictor learn what cores made of the records.
 *
 * @param rated of the cores, those whose answers are rated @default all
 * @param onBatch receives how many more records are done, batch by batch
 */
export async function teach(
  predictor: Predictor,
  records: readonly OutcomeRecord[],
  cores: readonly CoreInfo[],
  {
    rated = cores,
    onBatch = () => {},
  }: { readonly rated?: readonly CoreInfo[]; readonly onBatch?: (count: number) => void } = {},
): Promise<void> {
  const ids = new Set(rated.map(({ id }) => id));
  for (let from = 0; from < records.length; from += BATCH) {
    const batch = records.slice(from, from + BATCH);
    await predictor.predict(batch.map(callOf), cores);
    for (const record of batch) {
      for (const { model, score, output_tokens } of record.outputs) {
        if (!ids.has(model)) continue;
        const call: AnsweredCall = { ...callOf(record), core: model, outputTokens: output_tokens };
        predictor.finished(call);
        predictor.rated(call, score);
      }
    }
    onBatch(batch.length);
  }
}

/**
 * Puts what is predicted of these records into their rows of `into`, which has a column a core.
 *
 * @param columns that are filled @default all
 * @param onBatch receives how many more records are done, batch by batch
 */
export async function predictRows(
  predictor: Predictor,
  records: readonly { readonly row: number; readonly record: OutcomeRecord }[],
  cores: readonly CoreInfo[],
  into: Predictions,
  {
    columns = [...cores.keys()],
    onBatch = () => {},
  }: { readonly columns?: readonly number[]; readonly onBatch?: (count: number) => void } = {},
): Promise<void> {
  for (let from = 0; from < records.length; from += BATCH) {
    const batch = records.slice(from, from + BATCH);
    const predicted = await predictor.predict(
      batch.map(({ record }) => callOf(record)),
      cores,
    );
    for (const [i, { row }] of batch.entries()) {
      for (const column of columns) {
        const one = predicted[i]?.[column] as Prediction;
        const cell = row * cores.length + column;
        into.quality[cell] = one.quality;
        into.tokensMean[cell] = one.tokensMean;
        into.tokensP90[cell] = one.tokensP90;
        into.costMean[cell] = one.costMean;
      }
    }
    onBatch(batch.length);
  }
}

export function emptyPredictions(cells: number): Predictions {
  const unknown = () => new Float64Array(cells).fill(Number.NaN);
  return { quality: unknown(), tokensMean: unknown(), tokensP90: unknown(), costMean: unknown() };
}

/** Puts row after row of `from` into these rows of `into`. */
export function copyRows(from: Predictions, rows: readonly number[], into: Predictions, models: number): void {
  for (const [i, row] of rows.entries()) {
    for (const figure of FIGURES) {
      into[figure].set(from[figure].subarray(i * models, (i + 1) * models), row * models);
    }
  }
}

const FIGURES = ['quality', 'tokensMean', 'tokensP90', 'costMean'] as const satisfies readonly (keyof Predictions)[];
