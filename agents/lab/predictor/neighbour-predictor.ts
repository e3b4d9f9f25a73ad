import type { OutcomeRecord } from '../../../kernel/outcomes/record.js';
import type { IdentifiedEncoder } from '../../../schedulers/eccos/predictor/open-predictor.js';
import type { PredictableCall, Prediction, Predictor } from '../../../schedulers/eccos/predictor/prediction.js';
import { CaseStore } from '../../../schedulers/eccos/retrieval/case-store.js';
import { PUBLISHED_NEIGHBOURS, tokensMean, tokensP90 } from '../../../schedulers/eccos/retrieval/estimate.js';
import type { CoreInfo } from '../../../syscalls/cores.js';
import { promptOf } from '../../../syscalls/llm-chat.js';
import { costOf } from '../../../syscalls/price.js';
import type { Predictions } from '../metrics/outcomes.js';

/** One memory for all, as the published system has it. */
const PLACE = { tenant: 'records', task: '' };

/**
 * Retrieval alone, without nets. As a predictor it is the published one: plain means of the 16 nearest recorded prompts. It
 * learns nothing.
 */
export class NeighbourPredictor implements Predictor {
  readonly #store: CaseStore;
  readonly #encoder: IdentifiedEncoder['encoder'];

  private constructor(store: CaseStore, encoder: IdentifiedEncoder['encoder']) {
    this.#store = store;
    this.#encoder = encoder;
  }

  /** @param records that are remembered @param models names of the cores */
  static async of(
    records: readonly OutcomeRecord[],
    models: ReadonlySet<string>,
    { encoder, sha256 }: IdentifiedEncoder,
  ): Promise<NeighbourPredictor> {
    const most = Math.max(1, records.length);
    const store = new CaseStore(sha256, encoder.dimensions, { pointsPerPartition: most, points: most });
    const vectors = await encoder.encode(records.map(({ prompt }) => prompt));
    for (const [i, { prompt, outputs }] of records.entries()) {
      for (const { model, score, output_tokens } of outputs.filter((output) => models.has(output.model))) {
        store.insert(PLACE, prompt, vectors[i] as Float32Array, model, { score, outputTokens: output_tokens });
      }
    }
    return new NeighbourPredictor(store, encoder);
  }

  /** Fills the rows of both retrieval baselines; cells without a neighbour stay as they are. */
  async predictRows(
    records: readonly { readonly row: number; readonly record: OutcomeRecord }[],
    cores: readonly CoreInfo[],
    into: { readonly sixteenNeighbours: Predictions; readonly weightedNeighbours: Predictions },
  ): Promise<void> {
    const vectors = await this.#encoder.encode(records.map(({ record }) => record.prompt));
    const models = cores.map(({ id }) => id);
    for (const [i, { row, record }] of records.entries()) {
      const vector = vectors[i] as Float32Array;
      const published = this.#store.published(PLACE, vector, models) ?? [];
      const { estimates } = this.#store.estimate(PLACE, vector, models);
      for (const [m, { price }] of cores.entries()) {
        const fill = (to: Predictions, quality: number, mean: number, p90: number) => {
          const cell = row * models.length + m;
          to.quality[cell] = quality;
          to.tokensMean[cell] = mean;
          to.tokensP90[cell] = p90;
          to.costMean[cell] = costOf(price, { inputTokens: record.input_tokens, outputTokens: mean });
        };
        const near = published[m];
        // It knows nothing of how tokens spread.
        if (near !== undefined) fill(into.sixteenNeighbours, near.quality, near.tokens, Number.NaN);
        const nearest = estimates[m]?.nearest;
        if (nearest === undefined) continue;
        fill(into.weightedNeighbours, nearest.quality, tokensMean(nearest), tokensP90(nearest));
      }
    }
  }

  async predict(calls: readonly PredictableCall[], cores: readonly CoreInfo[]): Promise<readonly Prediction[][]> {
    const vectors = await this.#encoder.encode(calls.map(({ params }) => promptOf(params)));
    const models = cores.map(({ id }) => id);
    return calls.map(({ inputTokens }, i) => {
      const published = this.#store.published(PLACE, vectors[i] as Float32Array, models);
      return cores.map(({ price }, j): Prediction => {
        const { quality = 0, tokens = 0 } = published?.[j] ?? {};
        return {
          quality,
          tokensMean: tokens,
          // It knows nothing of how tokens spread.
          tokensP90: tokens,
          costMean: costOf(price, { inputTokens, outputTokens: tokens }),
          source: 'mean',
          nEffective: PUBLISHED_NEIGHBOURS,
          similarity: null,
          ratings: 0,
          reliability: 1,
        };
      });
    });
  }

  finished(): void {}

  rated(): void {}

  async close(): Promise<void> {}
}
