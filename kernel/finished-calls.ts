import type { FinishedCall } from '../schedulers/policy.js';
import type { Millis, SyscallId } from '../syscalls/syscall.js';

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
}

/** Syscalls that have ended and can still be named, answered ones to be judged: the newest, bounded in age, number and size. */
export class FinishedCalls {
  readonly #bounds: () => Bounds;
  /** In order of their end, oldest first. */
  readonly #entries = new Map<SyscallId, Entry>();
  #size = 0;

  constructor(bounds: () => Bounds) {
    this.#bounds = bounds;
  }

  add(id: SyscallId, entry: Entry): void {
    const { at, size } = entry;
    this.#entries.set(id, entry);
    this.#size += size;
    this.#evict(at);
  }

  find(id: SyscallId, owner: string, now: Millis): Entry | undefined {
    this.#evict(now);
    const entry = this.#entries.get(id);
    return entry?.owner === owner ? entry : undefined;
  }

  #evict(now: Millis): void {
    const { ms, count, size } = this.#bounds();
    for (const [id, entry] of this.#entries) {
      if (entry.at + ms >= now && this.#entries.size <= count && this.#size <= size) return;
      this.#entries.delete(id);
      this.#size -= entry.size;
    }
  }
}
