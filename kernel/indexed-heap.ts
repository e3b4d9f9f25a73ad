/**
 * A binary min-heap that knows where each item is: insert, remove of any item and pop in O(log n), peek in O(1).
 * An item is in it at most once, by identity.
 */
export class IndexedHeap<T> {
  readonly #compare: (a: T, b: T) => number;
  readonly #items: T[] = [];
  readonly #index = new Map<T, number>();

  /** @param compare negative when the first comes first. Must be a total order that does not change while the items are held. */
  constructor(compare: (a: T, b: T) => number) {
    this.#compare = compare;
  }

  get size(): number {
    return this.#items.length;
  }

  peek(): T | undefined {
    return this.#items[0];
  }

  add(item: T): void {
    if (this.#index.has(item)) throw new RangeError('The heap holds this item already');
    this.#items.push(item);
    this.#up(this.#items.length - 1, item);
  }

  /** Whether the item was there. */
  remove(item: T): boolean {
    const at = this.#index.get(item);
    if (at === undefined) return false;
    this.#index.delete(item);
    const last = this.#items.pop() as T;
    if (at < this.#items.length) {
      this.#up(at, last);
      this.#down(this.#index.get(last) as number, last);
    }
    return true;
  }

  pop(): T | undefined {
    const top = this.#items[0];
    if (top !== undefined) this.remove(top);
    return top;
  }

  /** Every item, in order, in O(n log n). */
  sorted(): T[] {
    return this.#items.toSorted(this.#compare);
  }

  #up(from: number, item: T): void {
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = this.#items[parent] as T;
      if (this.#compare(item, above) >= 0) break;
      this.#put(at, above);
      at = parent;
    }
    this.#put(at, item);
  }

  #down(from: number, item: T): void {
    let at = from;
    const { length } = this.#items;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= length) break;
      if (child + 1 < length && this.#compare(this.#items[child + 1] as T, this.#items[child] as T) < 0) child++;
      const below = this.#items[child] as T;
      if (this.#compare(item, below) <= 0) break;
      this.#put(at, below);
      at = child;
    }
    this.#put(at, item);
  }

  #put(at: number, item: T): void {
    this.#items[at] = item;
    this.#index.set(item, at);
  }
}
