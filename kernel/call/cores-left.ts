import type { CoreId } from '../../syscalls/syscall.js';

/** Which cores a call may still go to. */
export class CoresLeft {
  readonly #eligible: readonly CoreId[];
  /** Those that have failed it since all of them had. */
  #failed: readonly CoreId[] = [];
  /** Those that will not take it. */
  #refused: readonly CoreId[] = [];
  #pinned: CoreId | undefined;

  /** @param eligible that can serve it, in config order */
  constructor(eligible: readonly CoreId[]) {
    this.#eligible = eligible;
  }

  /** The core that it was preempted on, which is the only one that can go on. */
  get pinned(): CoreId | undefined {
    return this.#pinned;
  }

  /** Eligible ones that have not refused it. */
  get open(): readonly CoreId[] {
    return this.#refused.length === 0 ? this.#eligible : this.#eligible.filter((id) => !this.#refused.includes(id));
  }

  /** Where it may go next. */
  get next(): readonly CoreId[] {
    if (this.#pinned !== undefined) return [this.#pinned];
    return this.#failed.length === 0 ? this.open : this.open.filter((core) => !this.#failed.includes(core));
  }

  pin(core: CoreId): void {
    this.#pinned = core;
  }

  /**
   * A core has not answered.
   *
   * @param why `failed`: it may be tried again when all have failed; `refused`: never again; `lost`: at once
   * @returns whether another core is left; if not, all that have failed may be tried again
   */
  without(core: CoreId, why: 'failed' | 'refused' | 'lost', isUsable: (core: CoreId) => boolean): boolean {
    this.#pinned = undefined;
    if (why === 'failed') this.#failed = [...this.#failed, core];
    else if (why === 'refused') this.#refused = [...this.#refused, core];
    const isLeft = this.open.some((id) => isUsable(id) && !this.#failed.includes(id));
    if (!isLeft) this.#failed = [];
    return isLeft;
  }
}
