import { GraphIndex, type Nearest } from './graph-index.js';

/** Up to so many points comparing with every one is as fast as a graph, .2 ms a query, and exact. */
const GRAPH_FROM = 500;
/** Points that one call brings into the graph: two milliseconds, so that no call stalls for a whole store. */
const STEP = 8;

/**
 * Unit vectors in slots 0, 1, 2 ..., and the nearest of them to a query.
 *
 * The vectors are held here; from 500 on a graph has them as well, which follows a few points a call. What it does not have
 * yet (all, after a store was restored) is compared one by one, so that every answer covers all points.
 */
export class VectorIndex {
  readonly #dimensions: number;
  #block: Float32Array;
  #size = 0;
  #graph: GraphIndex | undefined;

  constructor(dimensions: number) {
    this.#dimensions = dimensions;
    this.#block = new Float32Array(16 * dimensions);
  }

  /** The vector in a slot: a view, good until the next `set`. */
  at(slot: number): Float32Array {
    return this.#block.subarray(slot * this.#dimensions, (slot + 1) * this.#dimensions);
  }

  /** Puts a copy of the vector into the next slot, or in place of the one that a lower slot has. */
  set(slot: number, vector: Float32Array): void {
    const start = slot * this.#dimensions;
    if (start === this.#block.length) {
      const grown = new Float32Array(2 * start);
      grown.set(this.#block);
      this.#block = grown;
    }
    this.#block.set(vector, start);
    this.#size = Math.max(this.#size, slot + 1);
    if (this.#graph !== undefined && slot < this.#graph.size) this.#graph.set(slot, vector);
  }

  /** Brings the graph a few points nearer to having them all. Asking does so as well. */
  follow(): void {
    if (this.#graph === undefined) {
      if (this.#size < GRAPH_FROM) return;
      this.#graph = new GraphIndex(this.#dimensions, 2 * GRAPH_FROM);
    }
    const until = Math.min(this.#size, this.#graph.size + STEP);
    for (let slot = this.#graph.size; slot < until; slot++) this.#graph.set(slot, this.at(slot));
  }

  /** The `count` nearest points, or all where there are fewer. */
  nearest(query: Float32Array, count: number): Nearest {
    this.follow();
    const known = this.#graph?.nearest(query, count) ?? { slots: [], similarities: [] };
    const from = this.#graph?.size ?? 0;
    if (from === this.#size) return known;
    const near = this.#compare(query, from, count);
    for (const [n, slot] of known.slots.entries()) near.push({ slot, similarity: known.similarities[n] as number });
    const best = near.sort((a, b) => b.similarity - a.similarity || a.slot - b.slot).slice(0, count);
    return { slots: best.map(({ slot }) => slot), similarities: best.map(({ similarity }) => similarity) };
  }

  /** Of the slots from `from` on the `count` best, and those that are as good as the last of them. */
  #compare(query: Float32Array, from: number, count: number): { slot: number; similarity: number }[] {
    const cosines = new Float64Array(this.#size - from);
    for (let n = 0; n < cosines.length; n++) cosines[n] = this.#cosine(query, from + n);
    const least = cosines.toSorted()[Math.max(0, cosines.length - count)] as number;
    const found: { slot: number; similarity: number }[] = [];
    for (const [n, similarity] of cosines.entries())
      if (similarity >= least) found.push({ slot: from + n, similarity });
    return found;
  }

  /** Four sums at a time: one would make each addition wait for the one before. */
  #cosine(query: Float32Array, slot: number): number {
    const block = this.#block;
    const size = this.#dimensions;
    const start = slot * size;
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    let n = 0;
    for (; n + 3 < size; n += 4) {
      a += query[n]! * block[start + n]!;
      b += query[n + 1]! * block[start + n + 1]!;
      c += query[n + 2]! * block[start + n + 2]!;
      d += query[n + 3]! * block[start + n + 3]!;
    }
    for (; n < size; n++) a += query[n]! * block[start + n]!;
    return a + b + c + d;
  }
}
