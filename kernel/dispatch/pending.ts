import type { PendingCall } from '../../schedulers/policy.js';
import type { SyscallId } from '../../syscalls/syscall.js';
import type { Call, Holder } from '../call/call.js';

interface Entry {
  readonly call: Call;
  live: boolean;
}

/**
 * The calls that a policy may place, in order of acceptance. Adding and removing take constant time; holes are
 * closed when the list is read, or when they are most of it.
 */
export class PendingSet implements Holder {
  readonly #onRemove: (call: Call) => void;
  #entries: Entry[] = [];
  readonly #byId = new Map<SyscallId, Entry>();
  #holes = 0;
  #unsorted = false;

  /** @param onRemove receives a call that became final while it was here */
  constructor(onRemove: (call: Call) => void) {
    this.#onRemove = onRemove;
  }

  get size(): number {
    return this.#byId.size;
  }

  get(id: SyscallId): Call | undefined {
    return this.#byId.get(id)?.call;
  }

  add(call: Call): void {
    const entry = { call, live: true };
    const last = this.#entries.at(-1);
    // A call that comes back after a failure or a preemption is older than the newest.
    if (last !== undefined && last.call.facts.seq > call.facts.seq) this.#unsorted = true;
    this.#entries.push(entry);
    this.#byId.set(call.id, entry);
    call.holder = this;
  }

  remove(call: Call): void {
    const entry = this.#byId.get(call.id);
    if (entry === undefined) return;
    entry.live = false;
    this.#byId.delete(call.id);
    call.holder = undefined;
    // A list that nobody reads, since no slot is free, must not keep what has ended.
    if (++this.#holes > 1000 && this.#holes > this.#entries.length / 2) this.#compact();
  }

  letGo(call: Call): void {
    this.remove(call);
    this.#onRemove(call);
  }

  some(test: (call: Call) => boolean): boolean {
    return this.#entries.some(({ call, live }) => live && test(call));
  }

  /** What a policy sees of them, oldest first. The list is the caller's to keep. */
  views(): PendingCall[] {
    this.#compact();
    if (this.#unsorted) this.#entries.sort((a, b) => a.call.facts.seq - b.call.facts.seq);
    this.#unsorted = false;
    return this.#entries.map((entry) => entry.call.view);
  }

  #compact(): void {
    if (this.#holes > 0) this.#entries = this.#entries.filter((entry) => entry.live);
    this.#holes = 0;
  }
}
