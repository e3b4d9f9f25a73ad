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

/** Syscalls that have ended and can still be named, answered ones to be rated: the newest, bounded in age, number and size. */
export class FinishedCalls {
  readonly #bounds: () => Bounds;
  readonly #entries = new Map<SyscallId, Entry>();
  /** Ids in order of their end, the first `#evicted` of them gone: looking for the head of a Map passes all its deleted keys. */
  #order: SyscallId[] = [];
  #evicted = 0;
  #size = 0;

  constructor(bounds: () => Bounds) {
    this.#bounds = bounds;
  }

  add(id: SyscallId, entry: Entry): void {
    const { at, size } = entry;
    this.#entries.set(id, entry);
    this.#order.push(id);
    this.#size += size;
    this.#evict(at);
  }

  /** @param owner undefined: any owner */
  find(id: SyscallId, owner: string | undefined, now: Millis): Entry | undefined {
    this.#evict(now);
    const entry = this.#entries.get(id);
    return owner === undefined || entry?.owner === owner ? entry : undefined;
  }

  #evict(now: Millis): void {
    const { ms, count, size } = this.#bounds();
    for (let entry = this.#oldest(); entry !== undefined; entry = this.#oldest()) {
      if (entry.at + ms >= now && this.#entries.size <= count && this.#size <= size) break;
      this.#entries.delete(this.#order[this.#evicted++] as SyscallId);
      this.#size -= entry.size;
    }
    if (this.#evicted > 1000 && this.#evicted > this.#order.length / 2) {
      this.#order = this.#order.slice(this.#evicted);
      this.#evicted = 0;
    }
  }

  #oldest(): Entry | undefined {
    return this.#entries.get(this.#order[this.#evicted] ?? '');
  }
}
