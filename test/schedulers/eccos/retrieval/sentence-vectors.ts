import { seeded } from '../optimizer/instances.js';

/**
 * Endless unit vectors that lie as sentence embeddings do: 150 topics, a falling spectrum. Made up; among 8,000 of them the
 * nearest to a new one has a cosine of .85, the 128th .56 (.73 and .55 for the prompts of MMLU-Pro in the shipped encoder).
 */
export function sentenceVectors(dimensions: number, seed: number): () => Float32Array {
  const random = seeded(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const direction = () => Array.from({ length: dimensions }, (_, n) => normal() * (1 + n / 10) ** -1.5);
  const topics = Array.from({ length: 150 }, direction);
  return () => {
    const topic = topics[Math.floor(random() * topics.length)] as number[];
    const noise = direction();
    return unit(topic.map((value, n) => value + 0.7 * (noise[n] as number)));
  };
}

/** The vector of this direction with length 1. */
export function unit(values: readonly number[]): Float32Array {
  const length = Math.hypot(...values);
  return Float32Array.from(values, (value) => value / length);
}
