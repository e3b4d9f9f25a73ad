/** What all owners together may have kept. */
export interface MemoryBounds {
  readonly count: number;
  /** Characters. */
  readonly size: number;
}

/** One thing that is kept. */
interface Kept {
  /** Name of the token that it belongs to. */
  readonly owner: string;
  /** Characters. */
  readonly size: number;
}

/** What one owner has, in the order in which it came. */
class Own {
  size = 0;
  /** The first `#gone` of them are gone: looking for the head of a Map passes all its deleted keys. */
  #order: string[] = [];
  #gone = 0;

  get count(): number {
    return this.#order.length - this.#gone;
  }

  get oldest(): string | undefined {
    return this.#order[this.#gone];
  }

  add(key: string, size: number): void {
    this.#order.push(key);
    this.size += size;
  }

  dropOldest(size: number): void {
    this.size -= size;
    if (++this.#gone <= 1000 || this.#gone <= this.#order.length / 2) return;
    this.#order = this.#order.slice(this.#gone);
    this.#gone = 0;
  }
}

/**
 * The newest things of all owners, bounded in number and size. Where there are too many, the oldest one goes of an owner that has
 * more than its part: nobody drives out what others have.
 */
export class FairMemory<Entry extends Kept> {
  readonly #bounds: () => MemoryBounds;
  readonly #entries = new Map<string, Entry>();
  readonly #byOwner = new Map<string, Own>();
  #size = 0;

  /** @param bounds asked each time, since a reload may change them */
  constructor(bounds: () => MemoryBounds) {
    this.#bounds = bounds;
  }

  get(key: string): Entry | undefined {
    return this.#entries.get(key);
  }

  /** Keeps a new entry. One that is there already under its key stays. */
  add(key: string, entry: Entry): void {
    if (this.#entries.has(key)) return;
    const { owner, size } = entry;
    const own = this.#byOwner.get(owner) ?? new Own();
    this.#byOwner.set(owner, own);
    own.add(key, size);
    this.#entries.set(key, entry);
    this.#size += size;
    const bounds = this.#bounds();
    while (this.#entries.size > bounds.count || this.#size > bounds.size)
      this.dropOldestOf(this.#largest(owner, bounds));
  }

  oldestOf(owner: string): Entry | undefined {
    const key = this.#byOwner.get(owner)?.oldest;
    return key === undefined ? undefined : this.#entries.get(key);
  }

  /** @param owner one that has something */
  dropOldestOf(owner: string): void {
    const own = this.#byOwner.get(owner) as Own;
    const key = own.oldest as string;
    const { size } = this.#entries.get(key) as Entry;
    this.#entries.delete(key);
    this.#size -= size;
    own.dropOldest(size);
    if (own.count === 0) this.#byOwner.delete(owner);
  }

  /** Who is to lose something: the one who adds, if he has his part, else the one who has most. */
  #largest(adding: string, bounds: MemoryBounds): string {
    const part = (own: Own) => Math.max(own.count / bounds.count, own.size / bounds.size);
    const own = this.#byOwner.get(adding);
    if (own !== undefined && part(own) >= 1 / this.#byOwner.size) return adding;
    let largest = adding;
    let most = 0;
    for (const [owner, its] of this.#byOwner) {
      if (part(its) <= most) continue;
      largest = owner;
      most = part(its);
    }
    return largest;
  }
}
