import type { FinishedCall } from '../../schedulers/policy.js';
import type { Rater } from '../../syscalls/control.js';
import type { Millis, SyscallId } from '../../syscalls/syscall.js';
import { FairMemory, type MemoryBounds } from './fair-memory.js';

interface Bounds extends MemoryBounds {
  readonly ms: Millis;
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
  readonly #memory: FairMemory<Entry>;

  constructor(bounds: () => Bounds) {
    this.#bounds = bounds;
    this.#memory = new FairMemory(bounds);
  }

  add(id: SyscallId, entry: Entry): void {
    this.#dropAged(entry.owner, entry.at);
    this.#memory.add(id, entry);
  }

  /** @param owner undefined: any owner */
  find(id: SyscallId, owner: string | undefined, now: Millis): Entry | undefined {
    const entry = this.#memory.get(id);
    if (entry === undefined || (owner !== undefined && entry.owner !== owner)) return undefined;
    this.#dropAged(entry.owner, now);
    return this.#memory.get(id);
  }

  #dropAged(owner: string, now: Millis): void {
    const before = now - this.#bounds().ms;
    for (let oldest = this.#memory.oldestOf(owner); oldest !== undefined && oldest.at < before; ) {
      this.#memory.dropOldestOf(owner);
      oldest = this.#memory.oldestOf(owner);
    }
  }
}
