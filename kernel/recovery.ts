import { SyscallError } from '../syscalls/errors.js';
import type { Admission } from './call/admission.js';
import type { Journal, Restored, StoredCall } from './call/journal.js';
import type { KeyedCalls } from './call/keyed-calls.js';
import type { Capacity } from './capacity/capacity.js';
import type { CoreTable } from './capacity/core-table.js';
import type { Clock } from './clock.js';
import type { SchedulerLoop } from './dispatch/loop.js';
import type { ProcessTable } from './process/process-table.js';

interface RecoveryDeps {
  readonly clock: Clock;
  readonly journal: Journal;
  readonly processes: ProcessTable;
  readonly capacity: Capacity;
  readonly cores: CoreTable;
  readonly admission: Admission;
  readonly keyed: KeyedCalls;
  readonly loop: SchedulerLoop;
}

/** Goes on from where an earlier kernel was. */
export class Recovery {
  readonly #deps: RecoveryDeps;

  constructor(deps: RecoveryDeps) {
    this.#deps = deps;
  }

  /** @param left what the journal has of it */
  goOn(left: Restored): void {
    const { processes, capacity, clock } = this.#deps;
    processes.beginAt(left.firstPid, clock.now());
    capacity.restore?.(left);
    for (const call of left.open) this.#revive(call, left.running?.has(call.id) === true);
  }

  /**
   * Goes on with a call. Who asked can come back for it by its key.
   *
   * @param runs its last request goes on
   */
  #revive(stored: StoredCall, runs: boolean): void {
    const { admission, keyed, loop, clock, cores } = this.#deps;
    const { key, fingerprint, expiresAt, params, attempts, caller, lastCore = '' } = stored;
    const slot = runs ? cores.get(lastCore) : undefined;
    try {
      if (expiresAt !== undefined && expiresAt <= clock.now()) {
        throw new SyscallError('expired', `The deadline of ${params.deadlineMs} ms has passed`);
      }
      if (key === undefined)
        throw new SyscallError('disconnected', 'The kernel was started again, and the call has no key');
      if (params.retry === 'never' && attempts > 0 && slot === undefined) {
        throw new SyscallError('interrupted', 'The kernel was started again while a core was asked; retry: never');
      }
      const call = admission.restore(slot === undefined ? stored : { ...stored, attempts: attempts - 1 });
      keyed.adopt(call, caller.principal, key, fingerprint ?? '');
      call.accept();
      if (slot === undefined) loop.submit(call);
      else loop.resume(call, slot);
    } catch (error) {
      this.#end(stored, SyscallError.from(error));
    }
  }

  #end({ id, caller: { principal: owner }, key }: StoredCall, error: SyscallError): void {
    const { journal, clock } = this.#deps;
    const status = error.code === 'expired' ? 'expired' : 'failed';
    const used = { core: undefined, inputTokens: 0, outputTokens: 0, costUsd: 0 };
    void journal.append({ type: 'ended', id, owner, key, at: clock.now(), status, ...used, end: error.toRpc() });
  }
}
