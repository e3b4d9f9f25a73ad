import { SyscallError } from '../../syscalls/errors.js';
import type { CoreId, Pid, SyscallId } from '../../syscalls/syscall.js';
import type { CallSink } from '../call-sink.js';
import type { KernelGate } from '../gate.js';
import type { Caller } from '../process/caller.js';
import type { Principal } from '../process/principal.js';
import type { Answered, Asked, FromDoor, FromSeat, RequestName, Seated } from './messages.js';
import { principalOf } from './scope.js';

interface DoorDeps {
  readonly gate: Pick<KernelGate, 'enter' | 'call' | 'leave' | 'forsake'>;
  readonly snapshot: (scope: Principal) => string;
  readonly send: (message: FromSeat) => void;
}

/** A request that is under way. */
interface Open {
  readonly pid: Pid;
  readonly cancels: boolean;
  readonly controller: AbortController;
}

/**
 * One door of the cluster as the seat sees it: its processes and their requests. When messages were lost, the door begins a new
 * session with what it has; its calls have gone on meanwhile.
 */
export class DoorSession {
  readonly #deps: DoorDeps;
  readonly #processes = new Map<Pid, Caller>();
  #open = new Map<RequestName, Open>();
  #session = -1;
  #expected = 0;
  #sent = 0;
  /** Of the door. */
  connections = 0;

  constructor(deps: DoorDeps) {
    this.#deps = deps;
  }

  /** @returns false where the door must begin again */
  take(message: FromDoor): boolean {
    const { session, seq } = message;
    if (message.kind === 'begin') {
      if (session <= this.#session) return true;
      this.#begin(session, message.processes);
      return true;
    }
    // Of a session that is over.
    if (session < this.#session) return true;
    if (session !== this.#session || seq !== this.#expected) return false;
    this.#expected++;
    this.#serve(message);
    return true;
  }

  beat(): void {
    this.#send({ kind: 'beat' });
  }

  /** Nothing has been heard of the door: its processes go, and calls with a key of the agent's go on for a while. */
  close(): void {
    for (const pid of [...this.#processes.keys()]) this.#leave(pid, 'lose');
    this.mute();
  }

  /** The kernel stops: what it does to processes and calls is not for the door. */
  mute(): void {
    this.#session = Number.POSITIVE_INFINITY;
    this.#processes.clear();
    this.#open.clear();
  }

  #send(message: Answered): void {
    if (!Number.isFinite(this.#session)) return;
    this.#deps.send({ session: this.#session, seq: this.#sent++, ...message });
  }

  #begin(session: number, processes: readonly Seated[]): void {
    const { gate } = this.#deps;
    const listed = new Set(processes.map(({ caller }) => caller.pid));
    this.#session = session;
    this.#expected = 1;
    this.#sent = 0;
    // Answers to requests of the old session would be of no use to the new one.
    this.#open = new Map();
    for (const [pid, caller] of [...this.#processes]) {
      if (listed.has(pid)) gate.forsake(caller);
      else this.#leave(pid, 'lose');
    }
    for (const { caller, scope, hello } of processes) {
      if (this.#processes.has(caller.pid)) continue;
      gate.enter(principalOf(scope), hello, (reason) => this.#ended(caller.pid, reason), caller);
      this.#processes.set(caller.pid, caller);
    }
    this.beat();
  }

  #serve(message: Asked): void {
    const { gate, snapshot } = this.#deps;
    switch (message.kind) {
      case 'begin':
        return;
      case 'beat':
        this.connections = message.connections;
        return;
      case 'enter':
        this.#answer(message.name, () => this.#enter(message.name, message.scope, message.hello));
        return;
      case 'snapshot':
        this.#answer(message.name, () =>
          this.#send({ kind: 'result', name: message.name, result: snapshot(principalOf(message.scope)) }),
        );
        return;
      case 'leave':
        this.#leave(message.pid, message.open);
        return;
      case 'abort':
        this.#open.get(message.name)?.controller.abort();
        return;
      case 'call': {
        const caller = this.#processes.get(message.pid);
        if (caller === undefined) this.#fail(message.name, new SyscallError('disconnected', 'The process has ended'));
        else void this.#call(gate, caller, message);
      }
    }
  }

  #answer(name: RequestName, run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#fail(name, error);
    }
  }

  #enter(name: RequestName, scope: Seated['scope'], hello: unknown): void {
    const { caller, reply } = this.#deps.gate.enter(principalOf(scope), hello, (reason) =>
      this.#ended(caller.pid, reason),
    );
    this.#processes.set(caller.pid, caller);
    this.#send({ kind: 'entered', name, caller, reply });
  }

  async #call(
    gate: DoorDeps['gate'],
    caller: Caller,
    { name, method, params, cancels }: Extract<Asked, { kind: 'call' }>,
  ): Promise<void> {
    const { pid } = caller;
    const controller = new AbortController();
    const open = this.#open;
    open.set(name, { pid, cancels, controller });
    // Text goes from the workers to the doors.
    const sink: CallSink = {
      accepted: (id: SyscallId) => open === this.#open && this.#send({ kind: 'accepted', name, id }),
      started: (core: CoreId, reason: string) =>
        open === this.#open && this.#send({ kind: 'started', name, core, reason }),
      text: () => {},
      restart: () => {},
    };
    const viewer = { view: (json: string) => this.#send({ kind: 'view', pid, json }), isSlow: () => false };
    const options = { signal: controller.signal, cancels, sink, viewer };
    try {
      const result = await gate.call(caller, method, params, options);
      if (open === this.#open) this.#send({ kind: 'result', name, result });
    } catch (error) {
      if (open === this.#open) this.#fail(name, error);
    } finally {
      open.delete(name);
    }
  }

  #leave(pid: Pid, how: 'cancel' | 'lose' | 'keep'): void {
    const caller = this.#processes.get(pid);
    if (caller === undefined) return;
    this.#processes.delete(pid);
    for (const { pid: of, cancels, controller } of [...this.#open.values()]) {
      if (of === pid && cancels && how !== 'keep') controller.abort();
    }
    this.#deps.gate.leave(caller, how);
  }

  #ended(pid: Pid, reason: 'killed' | 'draining'): void {
    if (this.#processes.delete(pid)) this.#send({ kind: 'ended', pid, reason });
  }

  #fail(name: RequestName, thrown: unknown): void {
    this.#send({ kind: 'error', name, error: SyscallError.from(thrown).toRpc() });
  }
}
