import type { Encoder } from '../encoder/encoder.js';
import { SURFACE_FEATURES, surfaceFeatures } from './surface-features.js';

/** What the predictor sees of a prompt. */
export interface PromptFeatures {
  /** Unit vector of the encoder, by which similar prompts are found. */
  readonly embedding: Float32Array;
  /** The embedding, then the surface features: what the nets take, before it is standardised. */
  readonly features: Float32Array;
}

/** @param prompts texts of last user messages, without a template */
export async function promptFeatures(encoder: Encoder, prompts: readonly string[]): Promise<PromptFeatures[]> {
  const embeddings = await encoder.encode(prompts);
  return prompts.map((prompt, i) => {
    const embedding = embeddings[i] as Float32Array;
    const features = new Float32Array(embedding.length + SURFACE_FEATURES.length);
    features.set(embedding);
    features.set(surfaceFeatures(prompt), embedding.length);
    return { embedding, features };
  });
}
