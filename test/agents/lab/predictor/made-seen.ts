import type { SeenRecord } from '../../../../agents/lab/training/train-predictor.js';
import { type PromptFeatures, SURFACE_FEATURES } from '../../../../schedulers/eccos/predictor/surface-features.js';
import { outcomeRecord } from '../../../support/outcomes.js';

/** Dimensions of the made-up encoder. */
export const DIMENSIONS = 3;

/** Features that set a record apart from every other one: its number is the first of them. */
function featuresOf(place: number): PromptFeatures {
  const vector = [1, Math.cos(place), Math.sin(place)];
  const embedding = Float32Array.from(vector, (value) => value / Math.hypot(...vector));
  const features = new Float32Array(DIMENSIONS + SURFACE_FEATURES.length);
  features.set(embedding);
  features[DIMENSIONS] = place;
  return { embedding, features };
}

/** Records of models a, b and c with a prompt each; every fifth was not asked of c. */
export function seenRecords(count: number): SeenRecord[] {
  return Array.from({ length: count }, (_, place) => ({
    record: outcomeRecord(`prompt ${place}`, {
      a: [place % 2, 10 + place, 0.001],
      b: [Number(place % 3 === 0), 50, 0.002],
      ...(place % 5 === 0 ? {} : { c: [1, 20 + (place % 7), 0.003] as const }),
    }),
    features: featuresOf(place),
  }));
}
