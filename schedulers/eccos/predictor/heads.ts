import { OnnxModel } from '../onnx/model.js';
import { type FeatureScale, standardise } from './feature-scale.js';
import type { ModelProfile } from './model-profile.js';

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
        logTokens: this.profiles.reduce((logs, { logTokens: { mean, deviation } }, m) => {
          const z = out.data[from + count + m] as number;
          logs[m] = mean + deviation * Math.max(-LENGTH_CLIP, Math.min(LENGTH_CLIP, z));
          return logs;
        }, new Float32Array(count)),
      };
    });
  }

  async close(): Promise<void> {
    await this.#model.close();
  }
}
