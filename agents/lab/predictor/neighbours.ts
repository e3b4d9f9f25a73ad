import type { OutcomeRecord } from '../../../kernel/outcomes/record.js';
import type { IdentifiedEncoder } from '../../../schedulers/eccos/predictor/open-predictor.js';
import { CaseStore } from '../../../schedulers/eccos/retrieval/case-store.js';
import { tokensMean, tokensP90 } from '../../../schedulers/eccos/retrieval/estimate.js';
import type { CoreInfo } from '../../../syscalls/cores.js';
import type { Predictions } from '../metrics/outcomes.js';

/** One memory for all, as the published system has it. */
const PLACE = { tenant: 'records', task: '' };
/** Larger than the default: what falls out of the memory cannot be compared. */
const MOST_RECORDS = 100_000;

/** Retrieval alone, without nets: the baselines that the predictor is compared with. */
export class Neighbours {
  readonly #store: CaseStore;
  readonly #cores: readonly CoreInfo[];
  readonly #encoder: IdentifiedEncoder['encoder'];

  private constructor(store: CaseStore, cores: readonly CoreInfo[], encoder: IdentifiedEncoder['encoder']) {
    this.#store = store;
    this.#cores = cores;
    this.#encoder = encoder;
  }

  /** @param records that are remembered */
  static async of(
    records: readonly OutcomeRecord[],
    cores: readonly CoreInfo[],
    { encoder, sha256 }: IdentifiedEncoder,
  ): Promise<Neighbours> {
    const store = new CaseStore(sha256, encoder.dimensions, { pointsPerPartition: MOST_RECORDS });
    const vectors = await encoder.encode(records.map(({ prompt }) => prompt));
    const ids = new Set(cores.map(({ id }) => id));
    for (const [i, { prompt, outputs }] of records.entries()) {
      for (const { model, score, output_tokens } of outputs) {
        if (!ids.has(model)) continue;
        store.insert(PLACE, prompt, vectors[i] as Float32Array, model, { score, outputTokens: output_tokens });
      }
    }
    return new Neighbours(store, cores, encoder);
  }

  /** Fills the rows of both baselines. */
  async predict(
    records: readonly { readonly row: number; readonly record: OutcomeRecord }[],
    into: { readonly sixteenNeighbours: Predictions; readonly weightedNeighbours: Predictions },
  ): Promise<void> {
    const vectors = await this.#encoder.encode(records.map(({ record }) => record.prompt));
    const models = this.#cores.map(({ id }) => id);
    for (const [i, { row, record }] of records.entries()) {
      const vector = vectors[i] as Float32Array;
      const published = this.#store.published(PLACE, vector, models) ?? [];
      const { estimates } = this.#store.estimate(PLACE, vector, models);
      for (const [m, { price }] of this.#cores.entries()) {
        const cell = row * models.length + m;
        const cost = (tokens: number) =>
          (record.input_tokens * price.inputPerMTok + tokens * price.outputPerMTok) / 1e6;
        const near = published[m];
        if (near !== undefined) fill(into.sixteenNeighbours, cell, near.quality, near.tokens, Number.NaN, cost);
        const outlook = estimates[m]?.nearest;
        if (outlook === undefined) continue;
        fill(into.weightedNeighbours, cell, outlook.quality, tokensMean(outlook), tokensP90(outlook), cost);
      }
    }
  }
}

function fill(
  into: Predictions,
  cell: number,
  quality: number,
  mean: number,
  p90: number,
  cost: (tokens: number) => number,
): void {
  into.quality[cell] = quality;
  into.tokensMean[cell] = mean;
  into.tokensP90[cell] = p90;
  into.costMean[cell] = cost(mean);
}
