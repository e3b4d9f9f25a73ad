import PQueue, { type Queue, type QueueAddOptions } from 'p-queue';
import type { SyscallId } from '../../syscalls/syscall.js';
import { IndexedHeap } from '../indexed-heap.js';

type Run = () => Promise<unknown>;

interface Held {
  readonly id: SyscallId;
  /** Queue order: the smallest starts first. */
  readonly order: number;
  readonly run: Run;
}

/** p-queue's queue with every operation in O(log n): its own one inserts and removes in O(n). `priority` is the order, small first. */
export class IndexedRunQueue implements Queue<Run, QueueAddOptions> {
  readonly #heap = new IndexedHeap<Held>((a, b) => a.order - b.order);
  readonly #byId = new Map<SyscallId, Held>();

  get size(): number {
    return this.#heap.size;
  }

  enqueue(run: Run, { id = '', priority: order = 0 }: Partial<QueueAddOptions> = {}): void {
    const held = { id, order, run };
    this.#byId.set(id, held);
    this.#heap.add(held);
  }

  dequeue(): Run | undefined {
    const held = this.#heap.pop();
    if (held !== undefined) this.#byId.delete(held.id);
    return held?.run;
  }

  /** @returns whether it was there */
  remove(id: SyscallId): boolean {
    const held = this.#byId.get(id);
    if (held === undefined) return false;
    this.#byId.delete(id);
    return this.#heap.remove(held);
  }

  setPriority(id: SyscallId, order: number): void {
    const held = this.#byId.get(id);
    if (held === undefined) throw new ReferenceError(`No call with the id "${id}" is in the queue`);
    this.remove(id);
    this.enqueue(held.run, { id, priority: order });
  }

  orderOf(id: SyscallId): number | undefined {
    return this.#byId.get(id)?.order;
  }

  /** In queue order; all of them, whatever the options: p-queue asks by priority only, and each order is there once. */
  filter(options: Readonly<Partial<QueueAddOptions>>): Run[] {
    const { priority } = options;
    return this.#heap
      .sorted()
      .filter(({ order }) => priority === undefined || order === priority)
      .map(({ run }) => run);
  }

  ids(): SyscallId[] {
    return this.#heap.sorted().map(({ id }) => id);
  }
}

/** What one core is to run: calls in order, revocable until they start, at most `cap` started at once. */
export class CoreQueue {
  readonly #calls = new IndexedRunQueue();
  readonly #queue: PQueue<IndexedRunQueue>;

  constructor(cap: number) {
    const calls = this.#calls;
    // p-queue makes its own queue; handing it this one is the way to keep hold of it.
    this.#queue = new PQueue({
      queueClass: class {
        constructor() {
          // biome-ignore lint/correctness/noConstructorReturn: see above
          return calls;
        }
      } as unknown as new () => IndexedRunQueue,
    });
    this.setGate(cap);
  }

  /** Calls started and not ended. */
  get running(): number {
    return this.#queue.pending;
  }

  /** Calls held and not started. */
  get held(): number {
    return this.#calls.size;
  }

  /** Ids of the calls held, in queue order. */
  ids(): SyscallId[] {
    return this.#calls.ids();
  }

  orderOf(id: SyscallId): number | undefined {
    return this.#calls.orderOf(id);
  }

  /** Most calls running at once; those that run already are left alone. 0 starts nothing. */
  setGate(slots: number): void {
    if (slots < 1) {
      this.#queue.pause();
      return;
    }
    this.#queue.concurrency = slots;
    this.#queue.start();
  }

  /** Holds a call; it may start at once. `run` must not reject. */
  hold(id: SyscallId, order: number, run: Run): void {
    void this.#queue.add(run, { id, priority: order });
  }

  /** Takes a call back. False: it has started, or was never there. */
  withdraw(id: SyscallId): boolean {
    return this.#calls.remove(id);
  }
}
