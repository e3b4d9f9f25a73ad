/** Slots of the nearest points and their cosines, best first; of equal ones the lower slot first. */
export interface Nearest {
  readonly slots: readonly number[];
  readonly similarities: readonly number[];
}

/** Unit vectors in slots 0, 1, 2 ..., one behind the other: exact nearest neighbours, by comparing with every one. */
export class VectorBlock {
  readonly #dimensions: number;
  readonly #most: number;
  #values: Float32Array;
  #size = 0;

  /** @param most slots that it is asked to hold: it grows in doubles up to there */
  constructor(dimensions: number, most = Number.POSITIVE_INFINITY) {
    this.#dimensions = dimensions;
    this.#most = most;
    this.#values = new Float32Array(Math.min(16, most) * dimensions);
  }

  /** Vectors held: slots 0 to `size - 1`. */
  get size(): number {
    return this.#size;
  }

  /** The vector in a slot: a view, good until the next `set`. */
  at(slot: number): Float32Array {
    return this.#values.subarray(slot * this.#dimensions, (slot + 1) * this.#dimensions);
  }

  /** Puts a copy of the vector into slot `size`, or in place of the one that a lower slot has. */
  set(slot: number, vector: Float32Array): void {
    const start = slot * this.#dimensions;
    if (start === this.#values.length) {
      const grown = new Float32Array(Math.min(2 * start, Math.max(this.#most, slot + 1) * this.#dimensions));
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values.set(vector, start);
    this.#size = Math.max(this.#size, slot + 1);
  }

  /** The `count` nearest of the slots from `from` on, or all of them where there are fewer. */
  nearest(query: Float32Array, count: number, from = 0): Nearest {
    const cosines = new Float64Array(this.#size - from);
    for (let n = 0; n < cosines.length; n++) cosines[n] = this.#cosine(query, from + n);
    const least = cosines.toSorted()[Math.max(0, cosines.length - count)] as number;
    const found: number[] = [];
    for (let n = 0; n < cosines.length; n++) if (cosines[n]! >= least) found.push(n);
    const best = found.sort((a, b) => cosines[b]! - cosines[a]! || a - b).slice(0, count);
    return { slots: best.map((n) => from + n), similarities: best.map((n) => cosines[n]!) };
  }

  /** Four sums at a time: one would make each addition wait for the one before. */
  #cosine(query: Float32Array, slot: number): number {
    const values = this.#values;
    const size = this.#dimensions;
    const start = slot * size;
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    let n = 0;
    for (; n + 3 < size; n += 4) {
      a += query[n]! * values[start + n]!;
      b += query[n + 1]! * values[start + n + 1]!;
      c += query[n + 2]! * values[start + n + 2]!;
      d += query[n + 3]! * values[start + n + 3]!;
    }
    for (; n < size; n++) a += query[n]! * values[start + n]!;
    return a + b + c + d;
  }
}
