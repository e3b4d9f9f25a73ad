import type { FinishedCall } from '../../schedulers/policy.js';
import type { Rater } from '../../syscalls/control.js';
import type { Millis, SyscallId } from '../../syscalls/syscall.js';

interface Bounds {
  readonly ms: Millis;
  readonly count: number;
  /** Characters of all the calls that are kept. */
  readonly size: number;
}

interface Entry {
  /** Undefined when it ended without an answer. */
  readonly call: FinishedCall | undefined;
  /** Name of the token whose processes may name it. */
  readonly owner: string;
  readonly size: number;
  readonly at: Millis;
  /** Who rated it last; undefined: it was not rated. */
  rated: Rater | undefined;
}

/** The calls of one token, in order of their end. */
class Own {
  size = 0;
  /** The first `#gone` of them are gone: looking for the head of a Map passes all its deleted keys. */
  #order: SyscallId[] = [];
  #gone = 0;

  get count(): number {
    return this.#order.length - this.#gone;
  }

  get oldest(): SyscallId | undefined {
    return this.#order[this.#gone];
  }

  add(id: SyscallId, size: number): void {
    this.#order.push(id);
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
 * Syscalls that have ended and can still be named, answered ones to be rated: the newest, bounded in age, number and size. Where
 * there are too many, the oldest one goes of a token that has more than its part: nobody drives out what others may still rate.
 */
export class FinishedCalls {
  readonly #bounds: () => Bounds;
  readonly #entries = new Map<SyscallId, Entry>();
  readonly #byOwner = new Map<string, Own>();
  #size = 0;

  constructor(bounds: () => Bounds) {
    this.#bounds = bounds;
  }

  add(id: SyscallId, entry: Entry): void {
    const { at, owner, size } = entry;
    const own = this.#byOwner.get(owner) ?? new Own();
    this.#byOwner.set(owner, own);
    own.add(id, size);
    this.#entries.set(id, entry);
    this.#size += size;
    const bounds = this.#bounds();
    this.#dropAged(owner, at - bounds.ms);
    while (this.#entries.size > bounds.count || this.#size > bounds.size)
      this.#dropOldestOf(this.#largest(owner, bounds));
  }

  /** @param owner undefined: any owner */
  find(id: SyscallId, owner: string | undefined, now: Millis): Entry | undefined {
    const entry = this.#entries.get(id);
    if (entry === undefined || (owner !== undefined && entry.owner !== owner)) return undefined;
    this.#dropAged(entry.owner, now - this.#bounds().ms);
    return this.#entries.get(id);
  }

  #dropAged(owner: string, before: Millis): void {
    for (;;) {
      const id = this.#byOwner.get(owner)?.oldest;
      if (id === undefined || (this.#entries.get(id) as Entry).at >= before) return;
      this.#dropOldestOf(owner);
    }
  }

  /** Who is to lose a call: the one who adds, if he has his part, else the one who has most. */
  #largest(adding: string, bounds: Bounds): string {
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

  #dropOldestOf(owner: string): void {
    const own = this.#byOwner.get(owner) as Own;
    const id = own.oldest as SyscallId;
    const { size } = this.#entries.get(id) as Entry;
    this.#entries.delete(id);
    this.#size -= size;
    own.dropOldest(size);
    if (own.count === 0) this.#byOwner.delete(owner);
  }
}
