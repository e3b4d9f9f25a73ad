import type { BootedKernel } from '../../../kernel/boot.js';
import type { Clock } from '../../../kernel/clock.js';
import type { Millis, SyscallId } from '../../../syscalls/syscall.js';

/** How long each syscall was on a core, without the time that it was suspended or waited for a retry. */
export class ServiceTimes {
  readonly #since = new Map<SyscallId, Millis>();
  readonly #total = new Map<SyscallId, Millis>();

  constructor(kernel: Pick<BootedKernel, 'events'>, clock: Clock) {
    const { events } = kernel;
    const pause = ({ syscallId }: { readonly syscallId: SyscallId }) => this.#pause(syscallId, clock.now());
    events.on('started', ({ syscallId }) => this.#since.set(syscallId, clock.now()));
    events.on('closed', pause);
    events.on('final', pause);
  }

  /** Read once: the syscall is forgotten. */
  take(id: SyscallId): Millis | undefined {
    const total = this.#total.get(id);
    this.#total.delete(id);
    return total;
  }

  #pause(id: SyscallId, now: Millis): void {
    const since = this.#since.get(id);
    if (since === undefined) return;
    this.#since.delete(id);
    this.#total.set(id, (this.#total.get(id) ?? 0) + now - since);
  }
}
