import { NativeIndex, type Nearest } from './native-index.js';

/** Up to here the points are compared in place: .3 ms a query, and no second copy of the vectors. */
const NATIVE_FROM = 1000;
/** Points that one call brings into the native index: half a millisecond, so that no call stalls for a whole store. */
const STEP = 8;

/**
 * Unit vectors in slots 0, 1, 2 ..., and the nearest of them to a query.
 *
 * The vectors are held here; a large index has them in a native one as well, which follows a few points a call (also after
 * a store was restored). What it does not have yet is compared here, so that every answer covers all points.
 */
export class VectorIndex {
  readonly dimensions: number;
  readonly #capacity: number;
  #block: Float32Array;
  #size = 0;
  #native: NativeIndex | undefined;

  /** @param capacity most points: slots are below it */
  constructor(dimensions: number, capacity: number) {
    this.dimensions = dimensions;
    this.#capacity = capacity;
    this.#block = new Float32Array(Math.min(64, capacity) * dimensions);
  }

  get size(): number {
    return this.#size;
  }

  /** The vector in a slot: a view, good until the next `set`. */
  at(slot: number): Float32Array {
    return this.#block.subarray(slot * this.dimensions, (slot + 1) * this.dimensions);
  }

  /** Puts a copy of the vector into slot `size`, or in place of the one that a lower slot has. */
  set(slot: number, vector: Float32Array): void {
    const end = (slot + 1) * this.dimensions;
    if (end > this.#block.length) {
      const grown = new Float32Array(Math.min(2 * this.#block.length, this.#capacity * this.dimensions));
      grown.set(this.#block);
      this.#block = grown;
    }
    this.#block.set(vector, end - this.dimensions);
    this.#size = Math.max(this.#size, slot + 1);
    if (this.#native !== undefined && slot < this.#native.size) this.#native.set(slot, vector);
    this.#follow();
  }

  /** The `count` nearest points, or all where there are fewer. */
  nearest(query: Float32Array, count: number): Nearest {
    this.#follow();
    const from = this.#native?.size ?? 0;
    if (this.#native !== undefined && from === this.#size) return this.#native.nearest(query, count);
    const near = this.#compare(query, from, count);
    const known = this.#native?.nearest(query, count);
    for (const [n, slot] of (known?.slots ?? []).entries()) {
      near.push({ slot, similarity: known?.similarities[n] as number });
    }
    const best = near.sort((a, b) => b.similarity - a.similarity || a.slot - b.slot).slice(0, count);
    return { slots: best.map(({ slot }) => slot), similarities: best.map(({ similarity }) => similarity) };
  }

  #follow(): void {
    if (this.#native === undefined) {
      if (this.#size < NATIVE_FROM) return;
      this.#native = new NativeIndex(this.dimensions, this.#capacity);
    }
    const until = Math.min(this.#size, this.#native.size + STEP);
    for (let slot = this.#native.size; slot < until; slot++) this.#native.set(slot, this.at(slot));
  }

  /** The `count` best of the slots from `from` on, and those that are as good as the last of them; in slot order. */
  #compare(query: Float32Array, from: number, count: number): { slot: number; similarity: number }[] {
    const cosines = Float64Array.from({ length: this.#size - from }, (_, n) => this.#cosine(query, from + n));
    const least = cosines.length > count ? (cosines.toSorted()[cosines.length - count] as number) : -Infinity;
    const found: { slot: number; similarity: number }[] = [];
    for (const [n, similarity] of cosines.entries())
      if (similarity >= least) found.push({ slot: from + n, similarity });
    return found;
  }

  /** Four sums at a time: one would make each addition wait for the one before. */
  #cosine(query: Float32Array, slot: number): number {
    const block = this.#block;
    const size = this.dimensions;
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
