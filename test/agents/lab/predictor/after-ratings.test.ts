import { expect, test } from 'vitest';
import { predictAfter } from '../../../../agents/lab/predictor/after-ratings.js';
import { coresOf } from '../../../../agents/lab/predictor/record-calls.js';
import { SeenEncoder } from '../../../../agents/lab/predictor/see-records.js';
import type { AnsweredCall, PredictableCall, Predictor } from '../../../../schedulers/eccos/predictor/prediction.js';
import type { CoreInfo } from '../../../../syscalls/cores.js';
import { promptOf } from '../../../../syscalls/llm-chat.js';
import { DIMENSIONS, seenRecords } from './made-seen.js';

const SEEN = seenRecords(120);
const RECORDS = SEEN.map(({ record }) => record);
const [RATED, HELD] = [RECORDS.slice(0, 100), RECORDS.slice(100)];
const CORES = coresOf(RECORDS, ['a', 'b', 'c']);

/** Says how many answers it has learnt from, as tokens. */
class CountingPredictor implements Predictor {
  readonly rated_: { readonly prompt: string; readonly core: string; readonly quality: number }[] = [];

  async predict(calls: readonly PredictableCall[], cores: readonly CoreInfo[]) {
    const about = { source: 'pool', nEffective: 0, similarity: null, ratings: 0, reliability: 1 } as const;
    const tokensMean = this.rated_.length;
    return calls.map(() => cores.map(() => ({ quality: 0.5, tokensMean, tokensP90: 9, costMean: 1, ...about })));
  }

  finished(): void {}

  rated({ core, params }: AnsweredCall, quality: number): void {
    this.rated_.push({ prompt: promptOf(params), core, quality });
  }

  async close(): Promise<void> {}
}

async function after(counts: readonly number[], seed = 1) {
  const predictor = new CountingPredictor();
  const stages = await predictAfter({
    predictor,
    encoder: { encoder: new SeenEncoder(SEEN, DIMENSIONS), sha256: 'e'.repeat(64) },
    cores: CORES,
    counts,
    rated: RATED,
    held: HELD,
    seed,
    gamma: { nets: 0.7, weighted: 0.6 },
    onBatch: () => {},
  });
  return { stages, rated: predictor.rated_ };
}

test('each prompt is rated once, with the score of the core whose turn it is, and cores take turns', async () => {
  const { rated } = await after([90]);
  expect(rated).toHaveLength(90);
  expect(new Set(rated.map(({ prompt }) => prompt)).size).toBe(90);
  for (const { prompt, core, quality } of rated) {
    const record = RATED.find((one) => one.prompt === prompt);
    expect(record?.outputs.find(({ model }) => model === core)?.score).toBe(quality);
  }
  for (const { id } of CORES) expect(rated.filter(({ core }) => core === id).length).toBeGreaterThanOrEqual(28);
});

test('a stage has learnt from its number of answers, and so have its baselines', async () => {
  const { stages } = await after([3, 90]);
  expect(stages.map(({ answers }) => answers)).toEqual([3, 90]);
  for (const { answers, predictor, baselines } of stages) {
    expect([...new Set(predictor.predictions.tokensMean)]).toEqual([answers]);
    expect(Object.keys(baselines)).toEqual(['means', 'weighted neighbours']);
    for (const { predictions } of Object.values(baselines)) {
      expect(predictions.quality).toHaveLength(HELD.length * CORES.length);
      expect(predictions.quality.every((one) => one >= 0 && one <= 1)).toBe(true);
    }
  }
  const { rated } = await after([90]);
  const ofC = rated.filter(({ core }) => core === 'c');
  expect(stages[1]?.baselines['means']?.predictions.quality[2]).toBeCloseTo(
    ofC.reduce((sum, { quality }) => sum + quality, 0) / ofC.length,
    12,
  );
});

test('the same seed rates the same answers, another one others', async () => {
  const rated = async (seed: number) => (await after([60], seed)).rated;
  expect(await rated(1)).toEqual(await rated(1));
  expect(await rated(1)).not.toEqual(await rated(2));
});

test.each([[2], [99]])('%i answers are refused: they must reach every core, and be there', async (count) => {
  await expect(after([count])).rejects.toThrow(
    `--after: Expected 3 (one a model) to 98 (records that are neither trained on nor measured) rated answers, got ${count}`,
  );
});
