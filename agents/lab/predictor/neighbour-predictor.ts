import type { OutcomeRecord } from '../../../kernel/outcomes/record.js';
import type { IdentifiedEncoder } from '../../../schedulers/eccos/predictor/open-predictor.js';
import type { PredictableCall, Prediction, Predictor } from '../../../schedulers/eccos/predictor/prediction.js';
import { CaseStore } from '../../../schedulers/eccos/retrieval/case-store.js';
import { PUBLISHED_NEIGHBOURS } from '../../../schedulers/eccos/retrieval/published-baseline.js';
import type { CoreInfo } from '../../../syscalls/cores.js';
import { promptOf } from '../../../syscalls/llm-chat.js';

/** One memory for all, as the published system has it. */
const PLACE = { tenant: 'records', task: '' };

/** The published retrieval predictor: plain means of the 16 nearest recorded prompts. It learns nothing. */
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
          costMean: (inputTokens * price.inputPerMTok + tokens * price.outputPerMTok) / 1e6,
          source: 'mean',
          nEffective: PUBLISHED_NEIGHBOURS,
          similarity: null,
        };
      });
    });
  }

  finished(): void {}

  judged(): void {}

  async close(): Promise<void> {}
}
