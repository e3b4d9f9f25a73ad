import { GraphIndex } from './graph-index.js';
import { type Nearest, VectorBlock } from './vector-block.js';

/** Up to so many points comparing with every one is as fast as a graph, .2 ms a query, and exact. */
const GRAPH_FROM = 500;
/** Points that one call brings into the graph: two milliseconds, so that no call stalls for a whole store. */
const STEP = 8;

/**
 * Unit vectors in slots 0, 1, 2 ..., and the nearest of them to a query.
 *
 * From 500 on a graph has them as well, which follows a few points a call. What it does not have yet (all, after a store was
 * restored) is compared one by one, so that every answer covers all points.
 */
export class VectorIndex {
  readonly #dimensions: number;
  readonly #most: number;
  readonly #block: VectorBlock;
  readonly #openGraph: typeof GraphIndex.open;
  #graph: GraphIndex | undefined;

  /**
   * @param most points that it is asked to hold: no room is made for more
   * @param openGraph makes the graph; where it cannot, all points are compared one by one
   */
  constructor(dimensions: number, most = Number.POSITIVE_INFINITY, openGraph = GraphIndex.open) {
    this.#dimensions = dimensions;
    this.#most = most;
    this.#openGraph = openGraph;
    this.#block = new VectorBlock(dimensions, most);
  }

  /** The vector in a slot: a view, good until the next `set`. */
  at(slot: number): Float32Array {
    return this.#block.at(slot);
  }

  /** Puts a copy of the vector into the next slot, or in place of the one that a lower slot has. */
  set(slot: number, vector: Float32Array): void {
    this.#block.set(slot, vector);
    if (this.#graph !== undefined && slot < this.#graph.size) this.#graph.set(slot, vector);
  }

  /** Brings the graph a few points nearer to having them all. Asking does so as well. */
  follow(): void {
    if (this.#graph === undefined) {
      if (this.#block.size < GRAPH_FROM) return;
      this.#graph = this.#openGraph(this.#dimensions, 2 * GRAPH_FROM, this.#most);
      if (this.#graph === undefined) return;
    }
    const until = Math.min(this.#block.size, this.#graph.size + STEP);
    for (let slot = this.#graph.size; slot < until; slot++) this.#graph.set(slot, this.at(slot));
  }

  /** The `count` nearest points, or all where there are fewer. */
  nearest(query: Float32Array, count: number): Nearest {
    this.follow();
    if (this.#graph === undefined) return this.#block.nearest(query, count);
    const known = this.#graph.nearest(query, count);
    if (this.#graph.size === this.#block.size) return known;
    return merged(known, this.#block.nearest(query, count, this.#graph.size), count);
  }
}

/** The `count` best of both; the slots of `high` are above those of `low`. */
function merged(low: Nearest, high: Nearest, count: number): Nearest {
  const similarities = [...low.similarities, ...high.similarities];
  const slots = [...low.slots, ...high.slots];
  const best = [...slots.keys()].sort((a, b) => similarities[b]! - similarities[a]! || a - b).slice(0, count);
  return { slots: best.map((n) => slots[n]!), similarities: best.map((n) => similarities[n]!) };
}
