import hnswlib from 'hnswlib-node';
import type { Nearest } from './vector-block.js';

/** Links of a point, candidates while it is linked, and the seed of its level: the same points in the same order make the same graph. */
const M = 16;
const EF_CONSTRUCTION = 100;
const SEED = 1;
/** Candidates of a search, in neighbours asked for: recall@128 is .99 on sentence vectors (`npm run bench -- retrieval`). */
const WIDTH = 1.25;
const LEAST_WIDTH = 100;

/** Unit vectors in an HNSW graph: their approximate nearest neighbours, without looking at all of them. */
export class GraphIndex {
  /** The inner product of unit vectors is their cosine. */
  readonly #graph: hnswlib.HierarchicalNSW;
  #room: number;
  #size = 0;

  /** @param room points to make room for; it grows */
  constructor(dimensions: number, room: number) {
    this.#graph = new hnswlib.HierarchicalNSW('ip', dimensions);
    this.#graph.initIndex(room, M, EF_CONSTRUCTION, SEED);
    this.#room = room;
  }

  /** Points held: slots 0 to `size - 1`. */
  get size(): number {
    return this.#size;
  }

  /** Puts a vector into slot `size`, or in place of the one that a lower slot has, whose links are then repaired. */
  set(slot: number, vector: Float32Array): void {
    if (slot >= this.#room) {
      this.#room *= 2;
      this.#graph.resizeIndex(this.#room);
    }
    this.#graph.addPoint(Array.from(vector), slot);
    this.#size = Math.max(this.#size, slot + 1);
  }

  nearest(query: Float32Array, count: number): Nearest {
    const k = Math.min(count, this.#size);
    this.#graph.setEf(Math.max(LEAST_WIDTH, Math.ceil(WIDTH * k)));
    const { neighbors, distances } = this.#graph.searchKnn(Array.from(query), k);
    return { slots: neighbors, similarities: distances.map((distance) => 1 - distance) };
  }
}
