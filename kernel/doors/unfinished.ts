/** A message or a body that has begun to come. */
export interface Part {
  /** Bytes that have come. */
  bytes: number;
  /** It must not go on. */
  cut(): void;
}

/** What has begun to come and has not ended, of all connections: bounded. When it is too much, what began first is cut. */
export class Unfinished {
  readonly #most: () => number;
  /** In the order in which they began. */
  readonly #parts = new Set<Part>();
  #bytes = 0;

  /** @param most bytes; asked each time, since a reload may change it */
  constructor(most: () => number) {
    this.#most = most;
  }

  grow(part: Part, bytes: number): void {
    this.#parts.add(part);
    part.bytes += bytes;
    this.#bytes += bytes;
    while (this.#bytes > this.#most()) {
      const [oldest] = this.#parts;
      if (oldest === undefined) return;
      this.end(oldest);
      oldest.cut();
    }
  }

  /** It has ended, in whatever way. Idempotent. */
  end(part: Part): void {
    this.#parts.delete(part);
    this.#bytes -= part.bytes;
    part.bytes = 0;
  }
}
