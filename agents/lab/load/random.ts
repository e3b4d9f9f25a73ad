/**
 * Seeded pseudo-random numbers: sfc32 (Chris Doty-Humphrey, PractRand), which passes PractRand and BigCrush.
 *
 * Numbers are drawn from streams by name. A stream depends on the seed and its names only, never on what other
 * streams have drawn, so a new draw in one place shifts nothing elsewhere.
 */
export class Random {
  readonly #key: string;
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** @param seed a number or text; the same seed gives the same numbers on every machine */
  constructor(seed: number | string) {
    this.#key = String(seed);
    const word = hashOf(this.#key);
    this.#a = word();
    this.#b = word();
    this.#c = word();
    for (let i = 0; i < 12; i++) this.next();
  }

  /** Numbers of their own for one purpose. */
  stream(name: string | number): Random {
    return new Random(`${this.#key}/${name}`);
  }

  /** Uniform in [0, 1), in steps of 2^-32. */
  next(): number {
    const mixed = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + mixed) | 0;
    return (mixed >>> 0) / 2 ** 32;
  }

  /** A whole number from `low` to `high`, both included. */
  int(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  /** @throws RangeError for an empty list */
  pick<T>(items: readonly T[]): T {
    const item = items[this.int(0, items.length - 1)];
    if (item === undefined) throw new RangeError('Nothing to pick from');
    return item;
  }

  /** A copy in random order (Fisher-Yates). */
  shuffled<T>(items: readonly T[]): T[] {
    const copy = [...items];
    for (let i = copy.length - 1; i > 0; i--) {
      const j = this.int(0, i);
      const held = copy[i] as T;
      copy[i] = copy[j] as T;
      copy[j] = held;
    }
    return copy;
  }
}

/** A text as a source of 32-bit words (xmur3). */
function hashOf(text: string): () => number {
  let hash = 1779033703 ^ text.length;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 3432918353);
    hash = (hash << 13) | (hash >>> 19);
  }
  return () => {
    hash = Math.imul(hash ^ (hash >>> 16), 2246822507);
    hash = Math.imul(hash ^ (hash >>> 13), 3266489909);
    hash ^= hash >>> 16;
    return hash | 0;
  };
}
