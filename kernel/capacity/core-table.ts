import type { SchedulableCore } from '../../schedulers/policy.js';
import type { CoreView } from '../../syscalls/cores.js';
import type { CoreId } from '../../syscalls/syscall.js';
import type { Clock } from '../clock.js';
import type { LLMCore } from '../cores/core.js';
import type { Capacity, CoreLimits, Freed } from './capacity.js';
import { CoreSlot } from './core-slot.js';

/** All cores of the kernel, in config order. */
export class CoreTable {
  readonly #slots: ReadonlyMap<CoreId, CoreSlot>;
  readonly #capacity: Capacity;
  readonly #listeners: ((freed: Freed) => void)[] = [];

  constructor(deps: { readonly cores: readonly LLMCore[]; readonly clock: Clock; readonly capacity: Capacity }) {
    this.#capacity = deps.capacity;
    this.#slots = new Map(
      deps.cores.map((core) => [core.info.id, new CoreSlot(core, deps, () => this.#report({ core: core.info.id }))]),
    );
    deps.capacity.onFreed((freed) => {
      if (freed.core !== undefined) this.#slots.get(freed.core)?.freed();
      this.#report(freed);
    });
  }

  get(id: CoreId): CoreSlot | undefined {
    return this.#slots.get(id);
  }

  all(): Iterable<CoreSlot> {
    return this.#slots.values();
  }

  /** Whether a core is switched on, and its config is not known to be wrong. */
  isUsable(id: CoreId): boolean {
    const slot = this.#slots.get(id);
    return slot !== undefined && slot.info.cap > 0 && slot.misconfigured === undefined;
  }

  hasFree(): boolean {
    return [...this.#slots.values()].some((slot) => slot.free() > 0);
  }

  schedulable(): SchedulableCore[] {
    return [...this.#slots.values()].map((slot) => slot.schedulable());
  }

  views(): CoreView[] {
    return [...this.#slots.values()].map((slot) => slot.view());
  }

  /** A slot or a budget may be free for a call that waits. */
  onFreed(listener: (freed: Freed) => void): void {
    this.#listeners.push(listener);
  }

  /** Takes over caps and limits. */
  reload(cores: readonly CoreLimits[]): void {
    for (const limits of cores) {
      const slot = this.#slots.get(limits.id);
      if (slot === undefined) continue;
      slot.reload(limits);
      this.#capacity.reload(limits);
      slot.freed();
      this.#report({ core: limits.id });
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#slots.values()].map((slot) => slot.close()));
    await this.#capacity.close();
  }

  #report(freed: Freed): void {
    for (const listener of this.#listeners) listener(freed);
  }
}
