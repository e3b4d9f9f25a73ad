import type { Millis } from '../../syscalls/syscall.js';
import type { Clock } from '../clock.js';
import { IndexedHeap } from '../indexed-heap.js';
import type { Call } from './call.js';

/** The deadlines of all open calls behind one timer. */
export class Deadlines {
  readonly #clock: Clock;
  readonly #onDue: (call: Call) => void;
  readonly #heap = new IndexedHeap<Call>((a, b) => dueAt(a) - dueAt(b) || a.facts.seq - b.facts.seq);
  #timer: { readonly at: Millis; readonly cancel: () => void } | undefined;

  constructor(clock: Clock, onDue: (call: Call) => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  add(call: Call): void {
    if (call.expiresAt === undefined) return;
    this.#heap.add(call);
    this.#arm();
  }

  remove(call: Call): void {
    if (this.#heap.remove(call)) this.#arm();
  }

  #arm(): void {
    const next = this.#heap.peek();
    if (next === undefined) {
      this.#timer?.cancel();
      this.#timer = undefined;
      return;
    }
    const at = dueAt(next);
    if (this.#timer?.at === at) return;
    this.#timer?.cancel();
    this.#timer = { at, cancel: this.#clock.after(at - this.#clock.now(), () => this.#due()) };
  }

  #due(): void {
    this.#timer = undefined;
    for (
      let call = this.#heap.peek();
      call !== undefined && dueAt(call) <= this.#clock.now();
      call = this.#heap.peek()
    ) {
      this.#heap.remove(call);
      this.#onDue(call);
    }
    this.#arm();
  }
}

function dueAt(call: Call): Millis {
  return call.expiresAt ?? Number.POSITIVE_INFINITY;
}
