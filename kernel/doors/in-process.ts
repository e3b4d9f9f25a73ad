import { SyscallError } from '../../syscalls/errors.js';
import type { HelloParams } from '../../syscalls/hello.js';
import { PROTOCOL_VERSION } from '../../syscalls/hello.js';
import type { Pid } from '../../syscalls/syscall.js';
import type { Params, Result } from '../../syscalls/table.js';
import type { CallOptions, Gate, ProcessMethod } from '../gate.js';
import { LOCAL, type Principal } from '../process/principal.js';
import type { EndReason } from '../process/process-table.js';
import type { Door } from './door.js';

/** A process that lives in the kernel's own process. */
export interface LocalProcess {
  readonly pid: Pid;
  /** Settles when the kernel ends the process. */
  readonly ended: Promise<EndReason>;
  /** One syscall; `options.sink` follows an `llm.chat`. @throws SyscallError */
  call<M extends ProcessMethod>(method: M, params: Params<M>, options?: CallOptions): Promise<Result<M>>;
  /** Its open calls end as `disconnected`. Idempotent. */
  close(): void;
}

/** Processes without a socket: the same checks and the same path. */
export class InProcessDoor implements Door {
  readonly name = 'in-process';
  #gate: Gate | undefined;

  open(gate: Gate): void {
    this.#gate = gate;
  }

  /**
   * Makes a process.
   *
   * @param principal what it may do. @default everything, as the operator
   * @throws SyscallError as `agent.hello`
   */
  connect(hello: Omit<HelloParams, 'protocol'>, principal: Principal = LOCAL): LocalProcess {
    const gate = this.#gate;
    if (gate === undefined) throw new TypeError('The door is not open');
    let end: (reason: EndReason) => void = () => {};
    const ended = new Promise<EndReason>((resolve) => {
      end = resolve;
    });
    const entered = gate.enter(principal, { protocol: PROTOCOL_VERSION, ...hello }, end);
    if (entered instanceof Promise) {
      entered.then(({ caller }) => gate.leave(caller, 'cancel')).catch(() => {});
      throw new SyscallError('invalid-request', 'connect: Expected a kernel in this process, got a node of a cluster');
    }
    const { caller } = entered;
    return {
      pid: caller.pid,
      ended,
      call: (method, params, options) => gate.call(caller, method, params, options),
      close: () => gate.leave(caller, 'cancel'),
    };
  }
}
