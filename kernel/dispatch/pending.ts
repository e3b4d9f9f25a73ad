import type { PendingCall } from '../../schedulers/policy.js';
import type { SyscallId } from '../../syscalls/syscall.js';
import type { Call, Holder } from '../call/call.js';

/** The calls that a policy may place, in order of acceptance. Adding and removing take constant time. */
export class PendingSet implements Holder {
  readonly #onRemove: (call: Call) => void;
  #calls = new Map<SyscallId, Call>();
  /** The greatest number of a call so far. */
  #newest = -1;
  #unsorted = false;

  /** @param onRemove receives a call that became final while it was here */
  constructor(onRemove: (call: Call) => void) {
    this.#onRemove = onRemove;
  }

  get size(): number {
    return this.#calls.size;
  }

  get(id: SyscallId): Call | undefined {
    return this.#calls.get(id);
  }

  add(call: Call): void {
    const { seq } = call.facts;
    // A call that comes back after a failure or a preemption is older than the newest.
    if (seq < this.#newest) this.#unsorted = true;
    else this.#newest = seq;
    this.#calls.set(call.id, call);
    call.holder = this;
  }

  remove(call: Call): void {
    if (this.#calls.delete(call.id)) call.holder = undefined;
  }

  letGo(call: Call): void {
    this.remove(call);
    this.#onRemove(call);
  }

  some(test: (call: Call) => boolean): boolean {
    for (const call of this.#calls.values()) if (test(call)) return true;
    return false;
  }

  /** What a policy sees of them, oldest first. The list is the caller's to keep. */
  views(): PendingCall[] {
    if (this.#unsorted) {
      this.#calls = new Map([...this.#calls].sort(([, a], [, b]) => a.facts.seq - b.facts.seq));
      this.#unsorted = false;
    }
    const views: PendingCall[] = [];
    for (const call of this.#calls.values()) views.push(call.view);
    return views;
  }
}
