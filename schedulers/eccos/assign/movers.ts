/** After so many full scans for one core within a solve, heaps are cheaper than a further scan. */
const SCANS_BEFORE_HEAPS = 1;

/**
 * For each pair of cores (j, k): the row now on j that is cheapest to move to k.
 *
 * Invariant: `row[j * m + k]` is on j (`x > 0`) and has the least `cost[j * m + k] = w[row, k] - w[row, j]`, or is -1
 * with cost Infinity. Scans come first because most solves move few calls; heaps bound the many.
 */
export class Movers {
  readonly cost: Float64Array;
  readonly row: Int32Array;
  readonly #m: number;
  readonly #x: Int32Array;
  readonly #w: Float64Array;
  readonly #scans: Int32Array;
  /** heaps[j]: one binary heap of rows per target core. Rows that left j are dropped when they reach the top. */
  readonly #heaps: (number[][] | undefined)[];

  /** Both arrays are shared with the flow, which changes them. */
  constructor(m: number, x: Int32Array, w: Float64Array) {
    this.#m = m;
    this.#x = x;
    this.#w = w;
    this.cost = new Float64Array(m * m);
    this.row = new Int32Array(m * m);
    this.#scans = new Int32Array(m);
    this.#heaps = new Array(m);
  }

  /** Starts over for the present `x` and `w`. */
  reset(): void {
    const m = this.#m;
    this.cost.fill(Infinity);
    this.row.fill(-1);
    this.#scans.fill(0);
    this.#heaps.fill(undefined);
    const rows = this.#x.length / m;
    for (let row = 0; row < rows; row++) {
      for (let j = 0; j < m; j++) if (this.#x[row * m + j]! > 0) this.#offer(row, j);
    }
  }

  joined(row: number, j: number): void {
    this.#offer(row, j);
    const heaps = this.#heaps[j];
    if (heaps) for (let k = 0; k < this.#m; k++) this.#push(heaps[k]!, row, j, k);
  }

  left(row: number, j: number): void {
    const m = this.#m;
    let wasBest = false;
    for (let k = 0; k < m; k++) wasBest ||= this.row[j * m + k] === row;
    if (!wasBest) return;
    const heaps = this.#heaps[j] ?? this.#scan(j);
    if (!heaps) return;
    for (let k = 0; k < m; k++) {
      if (this.row[j * m + k] !== row) continue;
      const heap = heaps[k]!;
      while (heap.length > 0 && this.#x[heap[0]! * m + j] === 0) this.#pop(heap, j, k);
      this.row[j * m + k] = heap[0] ?? -1;
      this.cost[j * m + k] = heap.length > 0 ? this.#key(heap[0]!, j, k) : Infinity;
    }
  }

  #key(row: number, j: number, k: number): number {
    return this.#w[row * this.#m + k]! - this.#w[row * this.#m + j]!;
  }

  #offer(row: number, j: number): void {
    const m = this.#m;
    const w = this.#w;
    const { cost } = this;
    const from = w[row * m + j]!;
    for (let k = 0, cell = row * m, pair = j * m; k < m; k++, cell++, pair++) {
      const key = w[cell]! - from;
      if (key < cost[pair]! && k !== j) {
        cost[pair] = key;
        this.row[pair] = row;
      }
    }
  }

  /** Reads all rows on j again; returns heaps instead once scans have become too many. */
  #scan(j: number): number[][] | undefined {
    const m = this.#m;
    const heaps = ++this.#scans[j]! > SCANS_BEFORE_HEAPS ? Array.from({ length: m }, (): number[] => []) : undefined;
    this.#heaps[j] = heaps;
    if (!heaps) {
      this.cost.fill(Infinity, j * m, j * m + m);
      this.row.fill(-1, j * m, j * m + m);
    }
    for (let row = 0, cell = j; cell < this.#x.length; row++, cell += m) {
      if (this.#x[cell] === 0) continue;
      if (heaps) for (let k = 0; k < m; k++) this.#push(heaps[k]!, row, j, k);
      else this.#offer(row, j);
    }
    return heaps;
  }

  #push(heap: number[], row: number, j: number, k: number): void {
    const key = this.#key(row, j, k);
    if (k === j || key === Infinity) return;
    let at = heap.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#key(heap[parent]!, j, k) <= key) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = row;
  }

  #pop(heap: number[], j: number, k: number): void {
    const last = heap.pop()!;
    const { length } = heap;
    if (length === 0) return;
    const key = this.#key(last, j, k);
    let at = 0;
    for (let child = 1; child < length; child = 2 * at + 1) {
      if (child + 1 < length && this.#key(heap[child + 1]!, j, k) < this.#key(heap[child]!, j, k)) child++;
      if (this.#key(heap[child]!, j, k) >= key) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }
}
