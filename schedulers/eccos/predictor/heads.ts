import { OnnxModel } from '../onnx/model.js';
import type { ModelProfile } from './artefact.js';

/** Names of the graph's input, float32 [n, features], and output, float32 [n, 2 x models]. */
export const HEADS_GRAPH = { input: 'features', output: 'heads' } as const;

/** What the nets say of one prompt, one number a trained model. */
export interface HeadsOutput {
  /** Of success. */
  readonly logits: Float32Array;
  /** Expected log(1 + output tokens). */
  readonly logTokens: Float32Array;
}

/** Predicted log lengths are kept within so many deviations of the model's mean. */
const LENGTH_CLIP = 4;

/** Trained nets, as one ONNX graph that gives their mean. */
export class TrainedHeads {
  readonly profiles: readonly ModelProfile[];
  readonly #model: OnnxModel;
  readonly #scale: FeatureScale;

  private constructor(model: OnnxModel, scale: FeatureScale, profiles: readonly ModelProfile[]) {
    this.#model = model;
    this.#scale = scale;
    this.profiles = profiles;
  }

  /**
   * @param source path of the ONNX file, or its bytes
   * @throws SyscallError `invalid-config` for a file that is no ONNX model, or one of other sizes
   */
  static async open(
    source: Parameters<typeof OnnxModel.open>[0],
    scale: FeatureScale,
    profiles: readonly ModelProfile[],
  ): Promise<TrainedHeads> {
    const model = await OnnxModel.open(source, {
      inputs: { [HEADS_GRAPH.input]: [null, scale.mean.length] },
      outputs: { [HEADS_GRAPH.output]: [null, 2 * profiles.length] },
    });
    return new TrainedHeads(model, scale, profiles);
  }

  /** @param features of each prompt, not yet standardised */
  async infer(features: readonly Float32Array[]): Promise<HeadsOutput[]> {
    if (features.length === 0) return [];
    const data = standardise(features, this.#scale);
    const dimensions = [features.length, this.#scale.mean.length];
    const { [HEADS_GRAPH.output]: out } = await this.#model.run({ [HEADS_GRAPH.input]: { data, dimensions } }, [
      HEADS_GRAPH.output,
    ]);
    const count = this.profiles.length;
    return features.map((_, row) => {
      const from = row * 2 * count;
      return {
        logits: out.data.slice(from, from + count),
        logTokens: out.data.slice(from + count, from + 2 * count).map((z, m) => {
          const { mean, deviation } = (this.profiles[m] as ModelProfile).logTokens;
          return mean + deviation * Math.max(-LENGTH_CLIP, Math.min(LENGTH_CLIP, z));
        }),
      };
    });
  }

  async close(): Promise<void> {
    await this.#model.close();
  }
}

/** Standardised features beyond this are clipped. */
const CLIP = 5;
/** A feature that varies less is as good as constant. */
const LEAST_DEVIATION = 1e-6;

/** Mean and standard deviation of each feature on the training part. */
export interface FeatureScale {
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

/** @param rows feature vectors of one length; one or more */
export function scaleOf(rows: readonly Float32Array[]): FeatureScale {
  const [first = []] = rows;
  const mean = Array.from(first, (_, at) => average(rows, (row) => row[at] as number));
  const deviation = mean.map((centre, at) => Math.sqrt(average(rows, (row) => ((row[at] as number) - centre) ** 2)));
  return { mean: mean.map(readable), deviation: deviation.map(readable) };
}

/** Six digits: a person reads the file that it is kept in. */
function readable(value: number): number {
  return Number(value.toPrecision(6));
}

/** (feature - mean) / deviation, clipped to +-5; 0 for a feature that was constant. @returns rows x features */
export function standardise(rows: readonly Float32Array[], { mean, deviation }: FeatureScale): Float32Array {
  const width = mean.length;
  const scaled = new Float32Array(rows.length * width);
  for (const [i, row] of rows.entries()) {
    for (let at = 0; at < width; at++) {
      const spread = deviation[at] as number;
      if (spread < LEAST_DEVIATION) continue;
      const z = ((row[at] as number) - (mean[at] as number)) / spread;
      scaled[i * width + at] = Math.max(-CLIP, Math.min(CLIP, z));
    }
  }
  return scaled;
}

function average(rows: readonly Float32Array[], of: (row: Float32Array) => number): number {
  return rows.reduce((sum, row) => sum + of(row), 0) / rows.length;
}
