const INSIDE = 0;
const SHUT = 1;
/** More than a task ever takes. */
const MOST_MS = 1_000;

/**
 * A gate that two threads share. The runtime of the networks brings the whole process down when its thread is ended while it
 * computes, as every `process.exit` would; so the thread computes inside the gate, and the process shuts it first.
 */
export class ThreadGate {
  /** What the other thread makes its end of. */
  readonly cells: Int32Array<ArrayBufferLike>;

  constructor(
    cells: Int32Array<ArrayBufferLike> = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT)),
  ) {
    this.cells = cells;
  }

  /** Runs the work inside, or returns undefined where the gate is shut. */
  async through<T>(work: () => Promise<T>): Promise<T | undefined> {
    // Enter, then look: whoever shuts does it the other way round, so that one of both sees the other.
    Atomics.store(this.cells, INSIDE, 1);
    try {
      return Atomics.load(this.cells, SHUT) === 1 ? undefined : await work();
    } finally {
      Atomics.store(this.cells, INSIDE, 0);
      Atomics.notify(this.cells, INSIDE);
    }
  }

  /** Blocks until nobody is inside. Nobody enters after it. */
  readonly shut = (): void => {
    Atomics.store(this.cells, SHUT, 1);
    Atomics.wait(this.cells, INSIDE, 1, MOST_MS);
  };
}
