import type { OutcomeRecord } from '../../../kernel/outcomes/record.js';
import type { Encoder } from '../../../schedulers/eccos/encoder/encoder.js';
import { promptFeatures } from '../../../schedulers/eccos/predictor/surface-features.js';
import type { SeenRecord } from '../training/train-predictor.js';

const BATCH = 64;

/** Encodes every prompt. @param onSeen receives how many more records are done, batch by batch */
export async function seeRecords(
  encoder: Encoder,
  records: readonly OutcomeRecord[],
  onSeen: (count: number) => void,
): Promise<readonly SeenRecord[]> {
  const seen: SeenRecord[] = [];
  for (let from = 0; from < records.length; from += BATCH) {
    const batch = records.slice(from, from + BATCH);
    const features = await promptFeatures(
      encoder,
      batch.map(({ prompt }) => prompt),
    );
    seen.push(...batch.map((record, i) => ({ record, features: features[i] as SeenRecord['features'] })));
    onSeen(batch.length);
  }
  return seen;
}

/** Encodes nothing: knows the vectors of records that were seen, so that five folds encode once. */
export class SeenEncoder implements Encoder {
  readonly dimensions: number;
  readonly #vectors: ReadonlyMap<string, Float32Array>;

  constructor(seen: readonly SeenRecord[], dimensions: number) {
    this.dimensions = dimensions;
    this.#vectors = new Map(seen.map(({ record, features }) => [record.prompt, features.embedding]));
  }

  async encode(texts: readonly string[]): Promise<readonly Float32Array[]> {
    return texts.map((text) => {
      const vector = this.#vectors.get(text);
      if (vector === undefined) throw new RangeError('Expected a prompt of the records that were seen');
      return vector;
    });
  }

  async close(): Promise<void> {}
}
