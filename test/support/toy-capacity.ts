import type { Capacity, Freed, Lease, Need, Refusal } from '../../kernel/boot.js';

/** Slots that several kernels share, behind a round trip: the smallest capacity that is not in this process. */
export class ToyStore {
  readonly #cap: number;
  readonly #listeners: ((freed: Freed) => void)[] = [];
  readonly #spent = new Map<string, number>();
  #taken = 0;

  constructor(cap: number) {
    this.#cap = cap;
  }

  /** One kernel's view. */
  capacity(): Capacity {
    return {
      // A hint may be stale: this one always is.
      free: () => this.#cap,
      isOpen: () => true,
      spentUsd: (principal) => this.#spent.get(principal) ?? 0,
      reserve: (need, signal) => this.#reserve(need, signal),
      forget() {},
      reload() {},
      onFreed: (listener) => void this.#listeners.push(listener),
      close() {},
    };
  }

  async #reserve({ core, principal, budgetUsd }: Need, signal: AbortSignal): Promise<Lease | Refusal> {
    await Promise.resolve();
    signal.throwIfAborted();
    if (this.capacity().spentUsd(principal) >= budgetUsd) return { refused: 'spent' };
    if (this.#taken >= this.#cap) return { refused: 'core' };
    this.#taken++;
    return {
      settle: ({ costUsd }) => {
        this.#taken--;
        this.#spent.set(principal, this.capacity().spentUsd(principal) + costUsd);
        for (const listener of this.#listeners) listener({ core, principal });
      },
    };
  }
}
