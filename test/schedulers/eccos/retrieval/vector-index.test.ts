import { beforeAll, describe, expect, test } from 'vitest';
import { VectorIndex } from '../../../../schedulers/eccos/retrieval/vector-index.js';
import { sentenceVectors } from './sentence-vectors.js';

const DIMENSIONS = 128;
const POINTS = 2000;
const QUERIES = 20;

function exact(vectors: readonly Float32Array[], query: Float32Array, count: number): number[] {
  const cosines = vectors.map((vector) => {
    let sum = 0;
    for (let n = 0; n < query.length; n++) sum += (vector[n] as number) * (query[n] as number);
    return sum;
  });
  return [...cosines.keys()].sort((a, b) => (cosines[b] as number) - (cosines[a] as number)).slice(0, count);
}

function recall(index: VectorIndex, vectors: readonly Float32Array[], draw: () => Float32Array, count: number): number {
  let hits = 0;
  for (let n = 0; n < QUERIES; n++) {
    const query = draw();
    const truth = new Set(exact(vectors, query, count));
    hits += index.nearest(query, count).slots.filter((slot) => truth.has(slot)).length;
  }
  return hits / (QUERIES * count);
}

/** Fills an index whose graph has followed to the end. */
function filled(vectors: readonly Float32Array[]): VectorIndex {
  const index = new VectorIndex(DIMENSIONS);
  for (const [slot, vector] of vectors.entries()) {
    index.set(slot, vector);
    index.follow();
  }
  return index;
}

test('few points are compared one by one: the answer is exact', () => {
  const draw = sentenceVectors(DIMENSIONS, 1);
  const vectors = Array.from({ length: 400 }, draw);
  const index = filled(vectors);
  const query = draw();
  expect(index.nearest(query, 20).slots).toEqual(exact(vectors, query, 20));
  expect(index.nearest(query, 1000).slots).toHaveLength(400);
});

test('without the addon of the graph every point is compared, however many there are', () => {
  const draw = sentenceVectors(DIMENSIONS, 4);
  const vectors = Array.from({ length: 700 }, draw);
  const index = new VectorIndex(DIMENSIONS, 10_000, () => undefined);
  for (const [slot, vector] of vectors.entries()) {
    index.set(slot, vector);
    index.follow();
  }
  const query = draw();
  expect(index.nearest(query, 128).slots).toEqual(exact(vectors, query, 128));
});

test('of points that are equally near the lower slots come first', () => {
  const draw = sentenceVectors(DIMENSIONS, 2);
  const twin = draw();
  const index = filled([draw(), twin, draw(), twin, twin]);
  expect(index.nearest(twin, 2).slots).toEqual([1, 3]);
});

test('a dimension that is no multiple of four is compared to its end', () => {
  const index = new VectorIndex(3);
  index.set(0, Float32Array.of(1, 0, 0));
  index.set(1, Float32Array.of(0, 0, 1));
  expect(index.nearest(Float32Array.of(0, 0, 1), 2)).toEqual({ slots: [1, 0], similarities: [1, 0] });
});

test('an empty index has no neighbours', () => {
  expect(new VectorIndex(3).nearest(Float32Array.of(1, 0, 0), 5).slots).toEqual([]);
});

describe('thousands of points', () => {
  const draw = sentenceVectors(DIMENSIONS, 3);
  const vectors = Array.from({ length: POINTS }, draw);
  let index: VectorIndex;
  beforeAll(() => {
    index = filled(vectors);
  });

  test.each([16, 48, 128, 512])('are found with a recall@%i of .95 and more', (count) => {
    expect(recall(index, vectors, draw, count)).toBeGreaterThanOrEqual(0.95);
  });

  test('that were not yet brought into the graph are found as well', () => {
    const lazy = new VectorIndex(DIMENSIONS);
    for (const [slot, vector] of vectors.entries()) lazy.set(slot, vector);
    const query = draw();
    expect(lazy.nearest(query, 128).slots).toEqual(exact(vectors, query, 128));
    expect(recall(lazy, vectors, draw, 128)).toBeGreaterThanOrEqual(0.98);
  });

  test('are found just as well after each was replaced', () => {
    const changed = [...vectors];
    const churned = filled(changed);
    for (let slot = 0; slot < POINTS; slot++) {
      const vector = draw();
      changed[slot] = vector;
      churned.set(slot, vector);
    }
    expect(recall(churned, changed, draw, 128)).toBeGreaterThanOrEqual(0.95);
  });

  test('in the same order give the same answers', () => {
    const again = filled(vectors);
    for (let n = 0; n < 20; n++) {
      const query = draw();
      expect(again.nearest(query, 128)).toEqual(index.nearest(query, 128));
    }
  });

  test('have similarities that are the cosines', () => {
    const query = draw();
    const { slots, similarities } = index.nearest(query, 10);
    for (const [n, slot] of slots.entries()) {
      const cosine = query.reduce((sum, value, i) => sum + value * (vectors[slot]?.[i] as number), 0);
      expect(similarities[n]).toBeCloseTo(cosine, 5);
    }
  });
});
