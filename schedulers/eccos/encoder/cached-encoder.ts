import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Encoder } from './encoder.js';
import { cutText } from './text.js';

/** Remembers the vectors of the texts that were asked for last, and encodes a text once, however many ask for it at a time. */
export class CachedEncoder implements Encoder {
  readonly #inner: Encoder;
  /** By the hash of what the encoder looks at: texts may be long, hashes are not. */
  readonly #known: LRUCache<string, Float32Array>;
  /** What is being encoded. An entry leaves when it is known or has failed. */
  readonly #underWay = new Map<string, Promise<Float32Array>>();

  /** @param maxTexts how many vectors are kept at most; 10,000 of 512 numbers are about 22 MB @default 10,000 */
  constructor(inner: Encoder, { maxTexts = 10_000 }: { readonly maxTexts?: number } = {}) {
    this.#inner = inner;
    this.#known = new LRUCache({ max: maxTexts });
  }

  get dimensions(): number {
    return this.#inner.dimensions;
  }

  async encode(texts: readonly string[]): Promise<readonly Float32Array[]> {
    const cut = texts.map(cutText);
    const keys = cut.map((text) => createHash('sha256').update(text, 'utf16le').digest('base64'));
    const found = keys.map((key) => this.#known.get(key) ?? this.#underWay.get(key));
    const missing = new Map(cut.flatMap((text, at) => (found[at] === undefined ? [[keys[at] as string, text]] : [])));
    const started = this.#start(missing);
    return Promise.all(keys.map((key, at) => found[at] ?? (started.get(key) as Promise<Float32Array>)));
  }

  async close(): Promise<void> {
    this.#known.clear();
    await this.#inner.close();
  }

  #start(texts: ReadonlyMap<string, string>): ReadonlyMap<string, Promise<Float32Array>> {
    if (texts.size === 0) return new Map();
    const batch = this.#inner.encode([...texts.values()]);
    const started = new Map([...texts.keys()].map((key, at) => [key, this.#settle(key, at, batch)]));
    for (const [key, vector] of started) this.#underWay.set(key, vector);
    return started;
  }

  async #settle(key: string, at: number, batch: Promise<readonly Float32Array[]>): Promise<Float32Array> {
    try {
      const vector = (await batch)[at] as Float32Array;
      this.#known.set(key, vector);
      return vector;
    } finally {
      this.#underWay.delete(key);
    }
  }
}
