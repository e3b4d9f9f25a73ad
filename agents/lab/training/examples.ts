import type { ModelOutcome } from '../../../kernel/outcomes/record.js';
import { type FeatureScale, standardise } from '../../../schedulers/eccos/predictor/heads.js';

/** Prompts with what models made of them. */
export interface LabelledPrompts {
  /** Feature vectors of one length. */
  readonly features: readonly Float32Array[];
  readonly outputs: readonly (readonly ModelOutcome[])[];
}

/** What a net learns from: standardised features, and what each of M models made of each prompt. NaN = not known. */
export interface Examples {
  readonly rows: number;
  readonly inputs: number;
  readonly models: number;
  /** rows x inputs. */
  readonly features: Float64Array;
  /** rows x models, 0 to 1. */
  readonly scores: Float64Array;
  /** rows x models: (log(1 + output tokens) - mean) / deviation of the model. */
  readonly lengths: Float64Array;
}

/** Mean and standard deviation of a model's log(1 + output tokens). */
export interface LengthScale {
  readonly mean: number;
  readonly deviation: number;
}

export function examplesOf(
  { features, outputs }: LabelledPrompts,
  scale: FeatureScale,
  lengthScales: ReadonlyMap<string, LengthScale>,
): Examples {
  const places = new Map([...lengthScales.keys()].map((model, place) => [model, place]));
  const models = places.size;
  const scores = new Float64Array(outputs.length * models).fill(Number.NaN);
  const lengths = scores.slice();
  for (const [row, outcomes] of outputs.entries()) {
    for (const { model, score, output_tokens } of outcomes) {
      const place = places.get(model);
      const lengthScale = lengthScales.get(model);
      if (place === undefined || lengthScale === undefined) continue;
      scores[row * models + place] = score;
      lengths[row * models + place] = (logTokens(output_tokens) - lengthScale.mean) / lengthScale.deviation;
    }
  }
  return {
    rows: outputs.length,
    inputs: scale.mean.length,
    models,
    features: Float64Array.from(standardise(features, scale)),
    scores,
    lengths,
  };
}

/** @returns of each model that has outcomes here, in the order of `models` */
export function lengthScalesOf(
  { outputs }: LabelledPrompts,
  models: readonly string[],
): ReadonlyMap<string, LengthScale> {
  return new Map(
    models.map((name) => {
      const logs = outputs.flatMap((outcomes) =>
        outcomes.filter(({ model }) => model === name).map(({ output_tokens }) => logTokens(output_tokens)),
      );
      const mean = plainMean(logs);
      const deviation = Math.sqrt(plainMean(logs.map((value) => (value - mean) ** 2)));
      return [name, { mean, deviation: Math.max(deviation, LEAST_DEVIATION) }];
    }),
  );
}

/** Answers that are all of one length must not be divided by 0. */
const LEAST_DEVIATION = 0.01;

function logTokens(tokens: number): number {
  return Math.log1p(tokens);
}

/** A plain sum: `meanOf` of the figures compensates it, and would change the bytes of every trained predictor. */
export function plainMean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
