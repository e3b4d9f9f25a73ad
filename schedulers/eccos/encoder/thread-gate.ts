const INSIDE = 0;
const SHUT = 1;
/** More than a task ever takes. */
const MOST_MS = 1_000;

/**
 * A gate that threads share. The runtime of the networks brings the whole process down when its thread is ended while it
 * computes, as every `process.exit` would; so threads compute inside the gate, and the process shuts it first.
 */
export class ThreadGate {
  /** What the other threads make their ends of: how many are inside, and whether it is shut. */
  readonly cells: Int32Array<ArrayBufferLike>;

  constructor(
    cells: Int32Array<ArrayBufferLike> = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT)),
  ) {
    this.cells = cells;
  }

  /** Runs the work inside, or returns undefined where the gate is shut. */
  async through<T>(work: () => Promise<T>): Promise<T | undefined> {
    // Enter, then look: the side that shuts does it the other way round, so that one of both sees the other.
    Atomics.add(this.cells, INSIDE, 1);
    try {
      return this.isShut ? undefined : await work();
    } finally {
      Atomics.sub(this.cells, INSIDE, 1);
      Atomics.notify(this.cells, INSIDE);
    }
  }

  /** Whether those inside should leave soon. */
  get isShut(): boolean {
    return Atomics.load(this.cells, SHUT) === 1;
  }

  /** Blocks until nobody is inside. Nobody enters after it. */
  readonly shut = (): void => {
    Atomics.store(this.cells, SHUT, 1);
    for (let inside = this.#inside(); inside > 0; inside = this.#inside()) {
      if (Atomics.wait(this.cells, INSIDE, inside, MOST_MS) === 'timed-out') return;
    }
  };

  #inside(): number {
    return Atomics.load(this.cells, INSIDE);
  }
}
