import type { Call, Holder } from '../call/call.js';
import { IndexedHeap } from '../indexed-heap.js';

/** Calls that wait until calls of the same principal give money back. */
export class BudgetQueue implements Holder {
  /** By principal, the oldest first; no entry is empty. */
  readonly #waiting = new Map<string, IndexedHeap<Call>>();

  add(call: Call): void {
    const { principal } = call.facts.caller;
    const waiting = this.#waiting.get(principal) ?? new IndexedHeap<Call>((a, b) => a.facts.seq - b.facts.seq);
    this.#waiting.set(principal, waiting);
    waiting.add(call);
    call.holder = this;
  }

  has(principal: string): boolean {
    return this.#waiting.has(principal);
  }

  letGo(call: Call): void {
    const { principal } = call.facts.caller;
    const waiting = this.#waiting.get(principal);
    waiting?.remove(call);
    if (waiting?.size === 0) this.#waiting.delete(principal);
  }

  /** The oldest call of a principal may try again; all of them may, so that each is refused, where nothing is left. */
  take(principal: string, isSpent: (call: Call) => boolean): Call[] {
    const taken: Call[] = [];
    let oldest = this.#waiting.get(principal)?.peek();
    while (oldest !== undefined && (taken.length === 0 || isSpent(oldest))) {
      this.letGo(oldest);
      oldest.holder = undefined;
      taken.push(oldest);
      oldest = this.#waiting.get(principal)?.peek();
    }
    return taken;
  }
}
