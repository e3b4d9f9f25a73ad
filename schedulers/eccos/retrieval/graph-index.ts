import { createRequire } from 'node:module';
import type hnswlib from 'hnswlib-node';
import type { Nearest } from './vector-block.js';

type Library = typeof hnswlib;
type Loaded = { readonly library: Library } | { readonly fault: string };

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
  readonly #most: number;
  #room: number;
  #size = 0;

  private constructor(library: Library, dimensions: number, room: number, most: number) {
    this.#graph = new library.HierarchicalNSW('ip', dimensions);
    this.#graph.initIndex(room, M, EF_CONSTRUCTION, SEED);
    this.#room = room;
    this.#most = most;
  }

  /**
   * An empty graph, or undefined where the addon of hnswlib-node cannot be loaded.
   *
   * @param room points to make room for; it grows
   * @param most points that it grows to at once
   */
  static open(dimensions: number, room: number, most = Number.POSITIVE_INFINITY): GraphIndex | undefined {
    const loaded = graphLibrary();
    return 'fault' in loaded ? undefined : new GraphIndex(loaded.library, dimensions, room, most);
  }

  /** Points held: slots 0 to `size - 1`. */
  get size(): number {
    return this.#size;
  }

  /** Puts a vector into slot `size`, or in place of the one that a lower slot has, whose links are then repaired. */
  set(slot: number, vector: Float32Array): void {
    if (slot >= this.#room) {
      this.#room = Math.min(2 * this.#room, Math.max(this.#most, slot + 1));
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

let known: Loaded | undefined;

/** The library, which is loaded at the first call. A `fault` says why it cannot be, and which command repairs that. */
export function graphLibrary(): Loaded {
  known ??= loadGraphLibrary(createRequire(import.meta.url));
  return known;
}

/** @param load `require`, or what a test has in its place */
export function loadGraphLibrary(load: (name: string) => unknown): Loaded {
  try {
    return { library: load('hnswlib-node') as Library };
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException;
    const [reason] = message.split('\n');
    const repair =
      code === 'MODULE_NOT_FOUND'
        ? 'npm install hnswlib-node'
        : 'npm rebuild hnswlib-node (with pnpm: pnpm approve-builds; with bun: bun pm trust hnswlib-node)';
    const fault = `Expected the compiled addon of hnswlib-node, got: ${reason}. Neighbours are found by a full scan, which is exact and slower. To repair it: ${repair}`;
    return { fault };
  }
}
