import {
  type Estimate,
  localOutlook,
  type Neighbour,
  nearestOutlook,
  PUBLISHED_NEIGHBOURS,
  type PublishedEstimate,
  publishedEstimate,
} from './estimate.js';
import { type Outcome, OutcomeColumn } from './outcome-column.js';
import type { Nearest } from './vector-block.js';
import { VectorIndex } from './vector-index.js';

/** Neighbours of an estimate, and of one from a small partition. */
const NEIGHBOURS = 128;
const FEW_NEIGHBOURS = 48;
const SMALL = 2000;
/**
 * Most points to search for those that were rated for a model. With one of 12 models rated a text (MMLU-Pro) 128 give an AUC
 * of .615, 512 give .634, all give .634 and worse tokens.
 */
const REACH = 512;

/** One text: its vector, and its outcomes by model. */
export interface Point {
  readonly key: string;
  readonly vector: Float32Array;
  readonly outcomes: ReadonlyMap<string, Outcome>;
}

/**
 * The rated calls of one tenant and task. When it is full, the point that was rated longest ago makes room: models change,
 * and asking does not change what is answered later. Rating a point again makes it the newest.
 */
export class Partition {
  readonly #capacity: number;
  readonly #vectors: VectorIndex;
  /** Slot by key, rated longest ago first. */
  readonly #slots = new Map<string, number>();
  readonly #columns = new Map<string, OutcomeColumn>();

  /** @param capacity most points; how many outcomes a point has is bounded by the models there are */
  constructor(dimensions: number, capacity: number) {
    this.#capacity = capacity;
    this.#vectors = new VectorIndex(dimensions, capacity);
  }

  get size(): number {
    return this.#slots.size;
  }

  /** Adds an outcome to the point of this key, in place of the one of the same model. A known point keeps its vector. */
  insert(key: string, vector: Float32Array, model: string, outcome: Outcome): void {
    const slot = this.#touch(key, vector);
    this.#columnOf(model).set(slot, outcome);
    this.#vectors.follow();
  }

  /** Adds the points of a saved partition, in their order. */
  restore(points: Iterable<Point>): void {
    for (const { key, vector, outcomes } of points) {
      const slot = this.#touch(key, vector);
      for (const [model, outcome] of outcomes) this.#columnOf(model).set(slot, outcome);
    }
  }

  /**
   * One estimate a model, in order; undefined where no call of the model was rated. A model's neighbours are the 128 nearest
   * points (48 in a partition under 2,000) that have an outcome of it, among the 512 nearest of all.
   */
  estimate(vector: Float32Array, models: readonly string[]): readonly (Estimate | undefined)[] {
    const columns = models.map((model) => this.#columns.get(model));
    const wanted = this.size < SMALL ? FEW_NEIGHBOURS : NEIGHBOURS;
    const near = this.#vectors.nearest(vector, this.#reach(columns, wanted));
    return columns.map((column) => {
      if (column === undefined) return undefined;
      const local = localOutlook(column.sample());
      return { count: column.count, local, ...nearestOutlook(neighboursOf(column, near, wanted), local) };
    });
  }

  /** The published estimate of each model, kept as a baseline. */
  published(vector: Float32Array, models: readonly string[]): readonly PublishedEstimate[] {
    const near = this.#vectors.nearest(vector, PUBLISHED_NEIGHBOURS);
    return models.map((model) => {
      const column = this.#columns.get(model);
      return publishedEstimate(column === undefined ? [] : neighboursOf(column, near, PUBLISHED_NEIGHBOURS));
    });
  }

  /** Models with an outcome, sorted. */
  models(): readonly string[] {
    return [...this.#columns.keys()].sort();
  }

  /** All points, rated longest ago first. Inserted in this order they make an equal partition. */
  *points(): Generator<Point> {
    for (const [key, slot] of this.#slots) {
      const outcomes = new Map<string, Outcome>();
      for (const [model, column] of this.#columns) {
        const outcome = column.at(slot);
        if (outcome !== undefined) outcomes.set(model, outcome);
      }
      yield { key, vector: this.#vectors.at(slot), outcomes };
    }
  }

  /** The slot of the point, which is now the newest. */
  #touch(key: string, vector: Float32Array): number {
    const known = this.#slots.get(key);
    const slot = known ?? this.#freeSlot();
    if (known === undefined) this.#vectors.set(slot, vector);
    this.#slots.delete(key);
    this.#slots.set(key, slot);
    return slot;
  }

  #columnOf(model: string): OutcomeColumn {
    const column = this.#columns.get(model) ?? new OutcomeColumn();
    this.#columns.set(model, column);
    return column;
  }

  #freeSlot(): number {
    if (this.size < this.#capacity) return this.size;
    const [oldest] = this.#slots as Iterable<[string, number]>;
    const [key, slot] = oldest as [string, number];
    this.#slots.delete(key);
    for (const [model, column] of this.#columns) {
      column.clear(slot);
      if (column.count === 0) this.#columns.delete(model);
    }
    return slot;
  }

  /** Points to search so that `wanted` of them are expected to have an outcome of the model that was rated least. */
  #reach(columns: readonly (OutcomeColumn | undefined)[], wanted: number): number {
    const counts = columns.flatMap((column) => (column === undefined ? [] : [column.count]));
    return counts.length === 0 ? 0 : Math.min(REACH, Math.ceil((wanted * this.size) / Math.min(...counts)));
  }
}

function neighboursOf(column: OutcomeColumn, near: Nearest, most: number): Neighbour[] {
  const found: Neighbour[] = [];
  for (let n = 0; n < near.slots.length && found.length < most; n++) {
    const outcome = column.at(near.slots[n] as number);
    if (outcome !== undefined) found.push({ ...outcome, similarity: near.similarities[n] as number });
  }
  return found;
}
